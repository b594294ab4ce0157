"""How a new recogniser sees images: what each backbone's weights expect."""

from lsl_jax import data, models
from lsl_jax.models import installed
from lsl_jax.recogniser import embedding, record

# (x - 127) / 128
LITE_MEAN, LITE_STD = (127 / 255,) * 3, (128 / 255,) * 3


def preprocessing(backbone: str) -> record.Preprocessing:
  """A centre crop of 224 pixels of an image whose shorter side has 256.

  Args:
    backbone: a name of `models.BACKBONES`.

  Returns:
    With the normalisation of the backbone's published weights.
  """
  mean, std = data.IMAGENET_MEAN, data.IMAGENET_STD
  if backbone == 'efficientnet_lite0':
    mean, std = LITE_MEAN, LITE_STD
  elif backbone == 'inception_v1':
    mean = std = (0.5, 0.5, 0.5)
  return record.Preprocessing(224, 256, True, mean, std)


def embedder(backbone: str, weights: str | None) -> embedding.Embedder:
  """The network of a new recogniser.

  Args:
    backbone: a name of `models.BACKBONES`.
    weights: a file, or a name of `installed.PACKAGES`; None where the
      backbone's own name is one.

  Returns:
    The embedder.

  Raises:
    FileNotFoundError: there is no such file.
    ImportError: the package is not installed.
    ValueError: the backbone is unknown, or needs a file.
  """
  if backbone not in models.BACKBONES:
    raise ValueError(
        f'unknown backbone {backbone!r}; valid ones:'
        f' {", ".join(models.BACKBONES)}'
    )
  if weights is None and backbone not in installed.PACKAGES:
    raise ValueError(
        f'backbone {backbone!r} needs --weights, a torchvision or timm file'
        ' (.pth or .safetensors)'
    )
  return embedding.Embedder(
      embedding.reference(backbone, weights or backbone),
      preprocessing(backbone),
      location=weights,
  )


def begun(embed: embedding.Embedder) -> record.Recogniser:
  """A recogniser of that network that knows no class yet."""
  return record.empty(embed.weights, embed.preprocessing, embed.num_features)


def check_same(
    recogniser: record.Recogniser, embed: embedding.Embedder
) -> None:
  """Refuses features of another network.

  Raises:
    ValueError: the recogniser has been replaced by one that sees differently.
  """
  theirs, ours = recogniser.weights, embed.weights
  if (theirs.backbone, theirs.sha256, dict(theirs.options)) != (
      ours.backbone,
      ours.sha256,
      dict(ours.options),
  ) or recogniser.preprocessing != embed.preprocessing:
    raise ValueError(
        'the recogniser was replaced by one of another network meanwhile; try'
        ' again'
    )
