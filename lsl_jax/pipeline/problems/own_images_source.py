"""From `config.data` to own images as novel classes without base classes."""

from typing import Any

from lsl_jax import data
from lsl_jax.data.classes import check
from lsl_jax.data.reading import encoded, subset, unreadable
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import sources


def load(config: Any) -> tuple[problem_lib.Problem, tuple[str, ...]]:
  """Loads and checks the images.

  Args:
    config: the whole config.

  Returns:
    The problem, all of whose classes are novel, and what each image is called.

  Raises:
    ValueError: whatever does not fit, by name.
    FileNotFoundError: the data set is not where it should be.
  """
  spec = config.data
  dataset = data.load({**spec.to_dict(), 'path': spec.path or None})
  if spec.bad == 'skip':
    dataset = unreadable.drop(dataset, bad='skip')
  if spec.max_classes:
    few = dataset.labels < spec.max_classes
    dataset = subset.select(dataset, few)
  names = tuple(called(dataset.images, i) for i in range(len(dataset)))
  every = range(min(dataset.num_classes, spec.max_classes or 10**9))
  split = check.check(
      dataset,
      data.ClassSplit((), (), tuple(every)),
      shots=1,
      queries=0,
      bad=spec.small_class,
  )
  dataset, in_memory = sources.decoded(spec, dataset)
  problem = problem_lib.assemble(dataset, (), split.novel, in_memory=in_memory)
  return problem, names


def called(images: Any, index: int) -> str:
  """The name of an image's file, or its number."""
  if isinstance(images, subset.Subset):
    return called(images.images, int(images.indices[index]))
  if isinstance(images, encoded.Files):
    name = images.paths[index].rsplit('/', 1)[-1]
    return name.encode(errors='backslashreplace').decode()
  return f'image {index}'
