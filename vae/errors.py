"""What can go wrong, as sentences for the person in front of the screen.

Each message names the thing, the reason and the way out.
"""


class LatentExplorerError(Exception):
    """Base of every error that a user may cause and can mend."""


class ConfigurationError(LatentExplorerError):
    """A setting of a model or of a training run makes no sense."""


class DatasetError(LatentExplorerError):
    """A data set is missing, damaged or cannot be downloaded."""


class CheckpointError(LatentExplorerError):
    """A model file, or a picture of a model, cannot be read or written."""


class ViewError(LatentExplorerError):
    """A view of the plane, or the bookmarks on it, cannot be read or saved."""


class AdapterError(LatentExplorerError):
    """Somebody's own encoder and decoder do not fit their images."""


class InferenceError(LatentExplorerError):
    """p(z|x) and log p(x) of a model cannot be computed exactly."""


class MissingPackageError(LatentExplorerError):
    """Something was asked for that takes a package which is not installed."""


class TrainingError(LatentExplorerError):
    """A run cannot go on, for example because the loss is no longer finite."""

    def __init__(self, message: str, good_step: int) -> None:
        super().__init__(message)
        self.good_step = good_step  # the step whose weights the model was given back; 0 before the first
