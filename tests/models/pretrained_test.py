"""Published weights give the outputs that PyTorch gives, or a clear error."""

import functools
import json
import pathlib
import runpy

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import save_file

from lsl_jax.models import network, pretrained

FOLDER = pathlib.Path(__file__).parent
NAMED = runpy.run_path(str(FOLDER / 'named_weights.py'))


@pytest.fixture(scope='module')
def recorded():
  with np.load(FOLDER / 'torch_outputs.npz') as arrays:
    return dict(arrays)


def tensors_of(name, recorded):
  shapes = json.loads(str(recorded[f'{name}/tensors']))
  return {n: NAMED['tensor'](n, tuple(shape)) for n, shape in shapes.items()}


@functools.cache
def narrow():
  """A network of the committed files' size, and its variables' shapes."""
  backbone = network.build_backbone('resnet10', width=1)
  return backbone, jax.eval_shape(
      lambda: jax.jit(backbone.init, static_argnames='train')(
          jax.random.key(0), jnp.zeros((1, 64, 64, 3)), train=False
      )
  )


def assert_same_outputs(name, backbone, variables, recorded, size, atol=2e-6):
  images = jnp.asarray(NAMED['images'](size=size))
  outputs = jax.jit(functools.partial(backbone.apply, train=False))(
      variables, images
  )
  keys = [key for key in recorded if key.startswith(f'{name}/')]
  compared = 0
  for key in keys:
    output, _, kind = key.removeprefix(f'{name}/').partition('/')
    if not kind:
      continue
    found = np.asarray(outputs[output])
    found = found.mean((1, 2)) if kind == 'mean' else found[..., ::16]
    scale = np.abs(recorded[key]).max()
    np.testing.assert_allclose(
        found / scale, recorded[key] / scale, rtol=1e-4, atol=atol, err_msg=key
    )
    compared += 1
  assert compared >= 2
  np.testing.assert_allclose(
      outputs['pooled'], outputs['map'].mean((1, 2)), rtol=1e-5
  )


@pytest.mark.parametrize(
    ('name', 'size', 'atol'),
    [
        ('resnet18', 64, 2e-6),
        ('resnet50', 64, 2e-6),
        ('inception_v1', 70, 2e-6),
        ('vgg16', 64, 2e-6),
        # Random weights, fifty layers deep: rounding grows on the way.
        ('efficientnet_lite0', 70, 3e-5),
    ],
)
def test_outputs_are_those_of_pytorch(name, size, atol, recorded, tmp_path):
  path = tmp_path / f'{name}.safetensors'
  save_file(tensors_of(name, recorded), path)
  backbone = network.build_backbone(name)
  shapes = jax.eval_shape(
      lambda: jax.jit(backbone.init, static_argnames='train')(
          jax.random.key(0), jnp.zeros((1, size, size, 3)), train=False
      )
  )
  variables = pretrained.load(path, name, shapes)
  assert jax.tree.structure(variables) == jax.tree.structure(shapes)
  assert_same_outputs(name, backbone, variables, recorded, size, atol)


def test_the_installed_imagenet_weights_give_the_outputs_of_pytorch(recorded):
  backbone = network.build_backbone('efficientnet_lite0')
  shapes = jax.eval_shape(
      lambda: jax.jit(backbone.init, static_argnames='train')(
          jax.random.key(0), jnp.zeros((1, 70, 70, 3)), train=False
      )
  )
  variables = pretrained.load(
      'efficientnet_lite0', 'efficientnet_lite0', shapes
  )
  assert_same_outputs(
      'efficientnet_lite0_imagenet', backbone, variables, recorded, 70
  )


@pytest.mark.parametrize(
    'file', ['resnet10_width1.pth', 'resnet10_width1_legacy.pth']
)
def test_files_of_torch_save_give_the_outputs_of_pytorch(file, recorded):
  backbone, shapes = narrow()
  variables = pretrained.load(FOLDER / file, 'resnet10', shapes)
  assert_same_outputs('resnet10_width1', backbone, variables, recorded, 64)


def test_a_network_takes_weights_under_its_backbone_only():
  net = network.build(
      {
          'backbone': 'resnet10',
          'options': {'width': 1},
          'num_classes': 3,
          'embedding': 2,
      }
  )
  shapes = jax.eval_shape(
      lambda: jax.jit(net.init, static_argnames='train')(
          jax.random.key(0), jnp.zeros((1, 64, 64, 3)), train=False
      )
  )
  before = jax.tree.map(lambda x: np.full(x.shape, 3.0, x.dtype), shapes)
  after = pretrained.load(FOLDER / 'resnet10_width1.pth', 'resnet10', before)
  alone = pretrained.load(
      FOLDER / 'resnet10_width1.pth', 'resnet10', narrow()[1]
  )
  for collection in ('params', 'batch_stats'):
    jax.tree.map(
        np.testing.assert_array_equal,
        after[collection]['backbone'],
        alone[collection],
    )
  for part in ('embedding', 'classifier'):
    jax.tree.map(
        np.testing.assert_array_equal,
        after['params'][part],
        before['params'][part],
    )


def test_half_precision_weights_become_float32(recorded, tmp_path):
  path = tmp_path / 'half.safetensors'
  tensors = tensors_of('resnet10_width1', recorded)
  halves = {
      n: x.astype(np.float16) if x.ndim else x for n, x in tensors.items()
  }
  save_file(halves, path)
  variables = pretrained.load(path, 'resnet10', narrow()[1])
  bias = variables['params']['stem_norm']['bias']
  assert bias.dtype == jnp.float32
  np.testing.assert_array_equal(bias, halves['bn1.bias'].astype(np.float32))


def test_tensors_of_published_classifiers_and_counters_may_be_absent(
    recorded, tmp_path
):
  path = tmp_path / 'bare.safetensors'
  tensors = tensors_of('resnet10_width1', recorded)
  bare = {
      n: x
      for n, x in tensors.items()
      if not n.startswith('fc.') and 'num_batches' not in n
  }
  assert len(bare) < len(tensors)
  save_file(bare, path)
  pretrained.load(path, 'resnet10', narrow()[1])


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            lambda x: x.pop('layer2.0.conv1.weight'),
            r"bad\.safetensors: tensor 'layer2\.0\.conv1\.weight' of shape"
            r' \(2, 1, 3, 3\) is missing',
        ),
        (
            lambda x: x.update({'bn1.bias': np.zeros(4, np.float32)}),
            r"'bn1\.bias' has shape \(4,\), expected \(1,\)",
        ),
        (
            # A kernel whose axes were exchanged must not slip through.
            lambda x: x.update(
                {'layer2.0.conv1.weight': np.zeros((1, 2, 3, 3), np.float32)}
            ),
            r'has shape \(1, 2, 3, 3\), expected \(2, 1, 3, 3\)',
        ),
        (
            lambda x: x.update({'layer5.0.bn.bias': np.zeros(1, np.float32)}),
            r'resnet10 has no place for 1 of its tensors: layer5\.0\.bn\.bias',
        ),
        (
            lambda x: x.update({'aux1.fc.bias': np.zeros(1, np.float32)}),
            r'no place for 1 of its tensors: aux1\.fc\.bias',
        ),
    ],
)
def test_every_tensor_is_accounted_for(change, message, recorded, tmp_path):
  path = tmp_path / 'bad.safetensors'
  tensors = tensors_of('resnet10_width1', recorded)
  change(tensors)
  save_file(tensors, path)
  with pytest.raises(ValueError, match=message):
    pretrained.load(path, 'resnet10', narrow()[1])


def test_heads_of_vgg_under_both_namings_are_left_out(tmp_path):
  tensors = tmp_path / 'vgg.safetensors'
  for head in ('classifier.0.weight', 'pre_logits.fc1.weight', 'head.fc.bias'):
    save_file({head: np.zeros((2, 2), np.float32)}, tensors)
    assert pretrained.load(tensors, 'vgg16', {'params': {}}) == {'params': {}}


def test_a_backbone_without_published_weights_is_refused():
  with pytest.raises(ValueError, match="'conv4'; there are some for resnet10"):
    pretrained.load('weights.pth', 'conv4', narrow()[1])


def test_installed_weights_are_refused_for_another_backbone():
  with pytest.raises(
      ValueError, match=r"'efficientnet_lite0' are for .* not for 'resnet10'"
  ):
    pretrained.load('efficientnet_lite0', 'resnet10', narrow()[1])
