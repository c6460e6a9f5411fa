"""LTI 1.3: the only place that knows the protocol, and the only importer of pylti1p3."""
