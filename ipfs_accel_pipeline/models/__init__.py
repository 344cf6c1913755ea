"""What is measured: the catalogue of models, their inputs, and the prepared bundles (weights, exports, references)."""
