"""FC100 divides CIFAR-100 by superclass, as its authors list it."""

import pytest

from lsl_jax.data.classes import splits

# CIFAR-100's superclasses in the order of its numbers, 0 to 19.
SUPERCLASSES = {
    'aquatic mammals': 'beaver dolphin otter seal whale',
    'fish': 'aquarium_fish flatfish ray shark trout',
    'flowers': 'orchid poppy rose sunflower tulip',
    'food containers': 'bottle bowl can cup plate',
    'fruit and vegetables': 'apple mushroom orange pear sweet_pepper',
    'household electrical devices': 'clock keyboard lamp telephone television',
    'household furniture': 'bed chair couch table wardrobe',
    'insects': 'bee beetle butterfly caterpillar cockroach',
    'large carnivores': 'bear leopard lion tiger wolf',
    'large man-made outdoor things': 'bridge castle house road skyscraper',
    'large natural outdoor scenes': 'cloud forest mountain plain sea',
    'large omnivores and herbivores': (
        'camel cattle chimpanzee elephant kangaroo'
    ),
    'medium mammals': 'fox porcupine possum raccoon skunk',
    'non-insect invertebrates': 'crab lobster snail spider worm',
    'people': 'baby boy girl man woman',
    'reptiles': 'crocodile dinosaur lizard snake turtle',
    'small mammals': 'hamster mouse rabbit shrew squirrel',
    'trees': 'maple_tree oak_tree palm_tree pine_tree willow_tree',
    'vehicles 1': 'bicycle bus motorcycle pickup_truck train',
    'vehicles 2': 'lawn_mower rocket streetcar tank tractor',
}
# Oreshkin et al. TADAM. NeurIPS 2018, appendix.
PARTS = {
    'base': (1, 2, 3, 4, 5, 6, 9, 10, 15, 17, 18, 19),
    'validation': (8, 11, 13, 16),
    'novel': (0, 7, 12, 14),
}
CLASSES = [c for each in SUPERCLASSES.values() for c in each.split()]


def test_the_table_of_superclasses_is_whole():
  assert len(SUPERCLASSES) == 20
  assert len({*CLASSES}) == len(CLASSES) == 100
  assert sorted(sum(PARTS.values(), ())) == list(range(20))


@pytest.mark.parametrize('part', PARTS)
def test_a_part_is_whole_superclasses_those_of_the_authors(part):
  names = list(SUPERCLASSES.values())
  expected = [c for number in PARTS[part] for c in names[number].split()]
  # In the data set's own order of classes, the alphabet.
  found = getattr(splits.class_split('fc100', sorted(CLASSES)), part)
  assert {sorted(CLASSES)[i] for i in found} == {*expected}
  assert len(found) == len(expected)
