"""Speech to ARKit motion by rules: signal processing for the mouth, prosody and chance for eyes and head."""
