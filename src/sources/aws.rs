//! The live source: AWS, read only.
