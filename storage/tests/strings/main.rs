//! Strings: as bytes (`bytes`) and as commands use them (`commands`).

mod bytes;
mod commands;
mod directory;
