"""What kernel and marker call alike."""

MIME = "application/x-upgrade101"
