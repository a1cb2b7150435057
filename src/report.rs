//! What remains of a case: documents and pictures, all made from the case and its judgement.
