"""What a config may set about a user's own images."""

from typing import Any


def own_images() -> dict[str, Any]:
  """Defaults of `config.own_images`."""
  return {
      # Share of images of known classes that the saved recogniser shall not
      # call unknown.
      'keep': 0.95,
      # A folder of folders (or .npz, as docs/data_format.md has it) of other
      # classes with many images each. Only learners that hallucinate or learn
      # to learn need it.
      'base': '',
      # How many of the hardest mistakes the report shows.
      'mistakes': 24,
  }
