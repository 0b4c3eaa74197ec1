"""Interactive figures: each a class in Python and a small ES module, alive in Jupyter and on a plain page.

`FIGURES` lists them; `from imagebook.widgets import ConvolutionStepper` loads only what that figure needs.
"""

from importlib import import_module

# Every class and the module (x.py, x.js, x.css) that it is in, in the order of the book's page of figures.
FIGURES = {
    "ConvolutionStepper": "convolution_stepper",
    "FilterBench": "filter_bench",
    "CNNExplorer": "cnn_explorer",
    "PoolingStepper": "pooling_stepper",
    "IntersectionOverUnion": "iou",
    "BoxEditor": "box_editor",
    "NMSStepper": "nms_stepper",
    "AugmentationStudio": "augmentation_studio",
    "AutoencoderExplorer": "autoencoder_explorer",
    "LatentMap": "latent_map",
    "PixelWriter": "pixel_writer",
    "Temperature": "temperature",
    "InvarianceMeter": "invariance_meter",
    "KeypointEditor": "keypoint_editor",
    "AugmentedReality": "augmented_reality",
    "SeparableCost": "separable_cost",
    "DownsamplingBench": "downsampling_bench",
    "FineTuningBoard": "fine_tuning_board",
    "TrainingPipeline": "training_pipeline",
    "MixtureRouter": "mixture_router",
    "MNISTBrowser": "mnist_browser",
    "MultimodalPrompt": "multimodal_prompt",
    "TermMap": "term_map",
}
__all__ = list(FIGURES)


def __getattr__(name):
    """Load a figure when it is first asked for."""
    if name not in FIGURES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{FIGURES[name]}"), name)
