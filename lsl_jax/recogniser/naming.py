"""Names many files with a recogniser, a few in memory at a time."""

from collections.abc import Iterator, Sequence
import pathlib
from typing import Any

from lsl_jax.data.reading import encoded
from lsl_jax.recogniser import answers, listing, pictures

_CHUNK = 32  # images in memory at a time


def records(
    known: Any,
    embed: Any,
    files: Sequence[pathlib.Path],
    *,
    threshold: float | None,
    top: int,
) -> Iterator[dict[str, Any]]:
  """What a recogniser says of each file, or why it says nothing.

  Args:
    known: the recogniser.
    embed: its `Embedder`.
    files: images, which need not be readable.
    threshold: as `answer` takes it.
    top: likewise.

  Yields:
    One `listing.record` a file, in their order.
  """
  for start in range(0, len(files), _CHUNK):
    crops, errors = [], {}
    chosen = files[start : start + _CHUNK]
    for file, image in pictures.decoded(chosen):
      if isinstance(image, encoded.ImageError):
        errors[file] = str(image)
      else:
        crops.append(embed.crop(image))
    said = iter(
        answers.answer(known, embed(crops), threshold=threshold, top=top)
    )
    for file in chosen:
      if file in errors:
        yield listing.record(file, error=errors[file])
        continue
      one = next(said)
      yield listing.record(
          file,
          prediction=one.prediction,
          score=round(one.score, 4),
          ranking=[
              {'class': name, 'score': round(score, 4)}
              for name, score in one.ranking
          ],
          nearest=[
              {
                  'class': known.class_names[known.labels[i]],
                  'image': known.support_names[i],
              }
              for i in one.nearest
          ],
      )
