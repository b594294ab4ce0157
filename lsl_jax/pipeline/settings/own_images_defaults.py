"""What a config may set about a user's own images."""

from typing import Any


def own_images() -> dict[str, Any]:
  """Defaults of `config.own_images`."""
  return {
      # Share of images of known classes that the saved recogniser shall not
      # call unknown.
      'keep': 0.95,
      # How many of the hardest mistakes the report shows.
      'mistakes': 24,
  }
