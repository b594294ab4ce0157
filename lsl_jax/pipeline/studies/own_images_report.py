"""The report on own images: one HTML file with pictures in it."""

from collections.abc import Mapping, Sequence
import os
import pathlib
from typing import Any

import jax.numpy as jnp
import numpy as np

from lsl_jax import evaluation, recogniser, report
from lsl_jax.pipeline.learners import registry
from lsl_jax.pipeline.problems import problem as problem_lib
from lsl_jax.pipeline.problems import task as task_lib
from lsl_jax.report import page

NAME = 'report.html'
_MATRIX = 40  # classes up to which the whole confusion is shown
_PAIRS = 20
_CLASSES, _EXEMPLARS = 60, 5


def percent(interval: Sequence[float]) -> str:
  """A share and its interval in words.

  >>> percent((0.5, 0.25, 0.75))
  '50.0 % (25.0 to 75.0)'
  """
  share, low, high = (100 * value for value in interval)
  return f'{share:.1f} % ({low:.1f} to {high:.1f})'


def write(
    config: Any,
    task: task_lib.Task,
    rows: list[dict[str, Any]],
    tested: Mapping[str, Any],
    known: recogniser.Recogniser,
    figures: Sequence[str],
    workdir: str,
) -> None:
  """Writes `report.html`, whole or not at all.

  Args:
    config: the whole config.
    task: what was learned and tested.
    rows: of results.
    tested: by learner, what `own_images_study.Tested` says.
    known: the recogniser of all images.
    figures: paths relative to the workdir.
    workdir: of the run.
  """
  title = f'{task.problem.name}: {task.num_novel} classes'
  parts = [
      page.paragraph(
          f'{len(task.pool)} images to learn from, {len(task.queries)} to test'
          f' on, features of {config.model.backbone}.'
      )
  ]
  if tested:
    parts += _accuracy(task, rows, tested, figures, workdir)
    first = next(iter(tested))
    parts += _confusion(task, first, tested[first])
    parts += _mistakes(config, task, first, tested[first])
  else:
    parts.append(
        page.paragraph('Nothing could be tested: every class has one image.')
    )
  parts += _classes(config, task, known, tested)
  parts += _use(known)
  report.atomic.write(os.path.join(workdir, NAME), page.document(title, parts))


def _accuracy(task, rows, tested, figures, workdir):
  header, lines = report.tables.cells(
      [row for row in rows if row['metric'] == 'top1'], 'top1'
  )
  parts = [
      page.heading('How often the right class is named'),
      page.paragraph(
          f'Learned from all {len(task.pool)} training images; the 95 %'
          ' interval is that of a share of so many test images.'
      ),
      page.table(
          ['method', f'of {len(task.queries)} test images'],
          [
              (registry.LEARNERS[name].title, percent(one.interval))
              for name, one in tested.items()
          ],
      ),
      page.paragraph(
          'Learned from n images a class: mean in per cent, and its 95 %'
          ' interval over which images are drawn.'
      ),
      page.table(header, lines),
  ]
  for path in figures:
    content = pathlib.Path(workdir, path).read_bytes()
    parts.append(page.drawing(content, pathlib.Path(path).stem))
  return parts


def _confusion(task, name, one):
  counts = np.asarray(
      evaluation.confusion(
          jnp.asarray(one.predicted),
          jnp.asarray(task.query_labels),
          task.num_novel,
      )
  )
  parts = [
      page.heading(f'What is taken for what ({registry.LEARNERS[name].title})')
  ]
  if task.num_novel <= _MATRIX:
    parts.append(page.shaded(counts, task.class_names))
    return parts
  wrong = counts * (1 - np.eye(len(counts), dtype=counts.dtype))
  worst = np.argsort(-wrong, axis=None, kind='stable')[:_PAIRS]
  pairs = [np.unravel_index(flat, wrong.shape) for flat in worst]
  parts.append(
      page.table(
          ['class', 'taken for', 'test images'],
          [
              (task.class_names[i], task.class_names[j], int(wrong[i, j]))
              for i, j in pairs
              if wrong[i, j]
          ],
      )
  )
  return parts


def _mistakes(config, task, name, one):
  """Wrong answers by how much the right class fell short."""
  labels = task.query_labels
  every = np.arange(len(labels))
  margin = one.scores[every, one.predicted] - one.scores[every, labels]
  wrong = np.flatnonzero(one.predicted != labels)
  wrong = wrong[np.argsort(-margin[wrong], kind='stable')]
  wrong = wrong[: config.own_images.mistakes]
  title = registry.LEARNERS[name].title
  parts = [page.heading(f'The hardest mistakes ({title})')]
  if not len(wrong):
    return [*parts, page.paragraph('None.')]
  images = problem_lib.crops(config, task.problem, task.queries[wrong])
  parts.append(
      page.row(
          [
              page.picture(
                  image,
                  f'{task.class_names[labels[i]]}\ntaken for'
                  f' {task.class_names[one.predicted[i]]}',
                  'wrong',
              )
              for image, i in zip(images, wrong, strict=True)
          ]
      )
  )
  return parts


def _classes(config, task, known, tested):
  """The examples nearest to each template, and how often it is found."""
  parts = [page.heading('The most typical images of each class')]
  recalls = np.full(task.num_novel, np.nan)
  if tested:
    one = next(iter(tested.values()))
    recalls = np.asarray(
        evaluation.recalls(
            jnp.asarray(one.predicted == task.query_labels),
            jnp.asarray(task.query_labels),
            task.num_novel,
        )
    )
  typical = (known.features * known.templates[known.labels]).sum(axis=1)
  indices = np.concatenate([task.pool, task.queries])
  order = np.concatenate(
      [np.flatnonzero(task.labels[indices] == c) for c in range(task.num_novel)]
  )
  indices = indices[order]  # as the recogniser has its examples
  for label, name in enumerate(task.class_names[:_CLASSES]):
    members = np.flatnonzero(known.labels == label)
    best = members[np.argsort(-typical[members], kind='stable')][:_EXEMPLARS]
    images = problem_lib.crops(config, task.problem, indices[best])
    found = (
        'not tested'
        if np.isnan(recalls[label])
        else f'found in {100 * recalls[label]:.0f} % of its test images'
    )
    parts.append(page.paragraph(f'{name}: {len(members)} images, {found}'))
    parts.append(
        page.row(
            [
                page.picture(image, known.support_names[i])
                for image, i in zip(images, best, strict=True)
            ]
        )
    )
  if task.num_novel > _CLASSES:
    parts.append(page.paragraph(f'Shown are {_CLASSES} of {task.num_novel}.'))
  return parts


def _use(known):
  limit = recogniser.threshold(known)
  return [
      page.heading('Use it'),
      page.paragraph(
          'The recogniser beside this page has learned from all images. It'
          f' calls an image unknown below a score of {limit:.3f}.'
      ),
      page.code(
          'python -m lsl_jax.recognize predict recogniser.safetensors IMAGES\n'
          'python -m lsl_jax.recognize add recogniser.safetensors CLASS IMAGES'
      ),
  ]
