"""Reports as documents, and how they are rendered."""
