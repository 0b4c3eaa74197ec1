"""Interactive figures: each a class in Python and a small ES module, alive in Jupyter and on a plain web page.

`FIGURES` lists them; `from imagebook.widgets import ConvolutionStepper` loads only what that figure needs.
"""

from importlib import import_module

# Every class and the module (x.py, x.js, x.css) that it is in, in the order of the book's page of figures.
FIGURES = {
    "IntersectionOverUnion": "iou",
    "ConvolutionStepper": "convolution_stepper",
    "PoolingStepper": "pooling_stepper",
    "SeparableCost": "separable_cost",
    "BoxEditor": "box_editor",
    "NMSStepper": "nms_stepper",
    "AutoencoderExplorer": "autoencoder_explorer",
    "LatentMap": "latent_map",
    "CNNExplorer": "cnn_explorer",
    "FilterBench": "filter_bench",
    "DownsamplingBench": "downsampling_bench",
    "AugmentedReality": "augmented_reality",
    "MultimodalPrompt": "multimodal_prompt",
    "Temperature": "temperature",
    "PixelWriter": "pixel_writer",
    "MNISTBrowser": "mnist_browser",
    "TermMap": "term_map",
    "KeypointEditor": "keypoint_editor",
    "MixtureRouter": "mixture_router",
    "AugmentationStudio": "augmentation_studio",
    "InvarianceMeter": "invariance_meter",
    "FineTuningBoard": "fine_tuning_board",
    "TrainingPipeline": "training_pipeline",
}
__all__ = list(FIGURES)


def __getattr__(name):
    """Load a figure when it is first asked for."""
    if name not in FIGURES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{FIGURES[name]}"), name)
