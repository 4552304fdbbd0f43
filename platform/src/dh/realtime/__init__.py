"""Live sessions: speech that is pushed as it is spoken, frames that are taken as they are due."""
