"""Linen backbones, heads, their composition, and published weights for them."""

from lsl_jax.models.c128f import C128F
from lsl_jax.models.conv4 import Conv4
from lsl_jax.models.cross_modal import CrossModalMixture
from lsl_jax.models.generators import (
    ConvolutionalGenerator,
    DenseGenerator,
    GENERATORS,
    NoisyGenerator,
)
from lsl_jax.models.hallucinator import Hallucinator
from lsl_jax.models.heads import (
    CosineClassifier,
    Embedding,
    LinearClassifier,
    MultiverseClassifier,
)
from lsl_jax.models.inception import InceptionV1
from lsl_jax.models.margin_spec import Margin, MARGINS, REMEDIES
from lsl_jax.models.margins import ClassMargins, TaskMargins
from lsl_jax.models.matching import MatchingNetwork
from lsl_jax.models.network import (
    BACKBONES,
    build,
    build_backbone,
    Network,
    Spec,
)
from lsl_jax.models.pretrained import load as load_pretrained
from lsl_jax.models.pretrained import load_backbone
from lsl_jax.models.regressor import Regressor
from lsl_jax.models.resnet import (
    ResNet,
    resnet10,
    resnet18,
    resnet34,
    resnet50,
    resnet50_low_shot,
)
from lsl_jax.models.resnet12 import ResNet12
from lsl_jax.models.vgg import VGG16
from lsl_jax.models.weak_classifiers import LatentClassifier, WeakClassifier
from lsl_jax.models.weight_generator import WeightGenerator
from lsl_jax.models.wide_resnet import WideResNet

__all__ = [
    'BACKBONES',
    'C128F',
    'GENERATORS',
    'MARGINS',
    'REMEDIES',
    'VGG16',
    'ClassMargins',
    'Conv4',
    'ConvolutionalGenerator',
    'CosineClassifier',
    'CrossModalMixture',
    'DenseGenerator',
    'Embedding',
    'Hallucinator',
    'InceptionV1',
    'LatentClassifier',
    'LinearClassifier',
    'Margin',
    'MatchingNetwork',
    'MultiverseClassifier',
    'Network',
    'NoisyGenerator',
    'Regressor',
    'ResNet',
    'ResNet12',
    'Spec',
    'TaskMargins',
    'WeakClassifier',
    'WeightGenerator',
    'WideResNet',
    'build',
    'build_backbone',
    'load_backbone',
    'load_pretrained',
    'resnet10',
    'resnet18',
    'resnet34',
    'resnet50',
    'resnet50_low_shot',
]
