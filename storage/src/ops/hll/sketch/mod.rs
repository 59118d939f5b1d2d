//! Owns the HyperLogLog sketch as Redis stores it in a string: 16384 registers of 6 bits, packed
//! (dense) or run-length encoded (sparse), behind a header that remembers the cardinality.
//! Invariants: the bytes equal Redis's after the same changes; foreign bytes are refused or read,
//! never trusted, and a sparse sketch is checked whole before it is counted, merged or converted.
//! Must not know: keys, rows. Tests: `tests.rs` beside this file, `storage/fuzz`, and beside a real
//! Redis `tests/compat/hyperloglog.rs`.
//!
//! ```text
//! "HYLL" | encoding u8 (0 dense, 1 sparse) | 0 u8 x 3 | cardinality u64, little-endian | registers
//! ```
//! The most significant bit of the cardinality says that it is out of date.

mod dense;
mod estimate;
mod hash;
mod sparse;
#[cfg(test)]
mod tests;

pub use dense::{last_byte as last_dense_byte, raise as raise_packed};
pub use estimate::{Histogram, cardinality};
pub use hash::Rank;
pub use sparse::Opcode;
use sparse::Raised;

/// Registers of a sketch.
pub const REGISTERS: usize = 1 << 14;
/// Bytes before the registers.
pub const HEADER_BYTES: usize = 16;
/// Length of a dense sketch.
pub const DENSE_BYTES: usize = HEADER_BYTES + REGISTERS * 6 / 8;
/// Longest sparse sketch that can be valid: an opcode has at most two bytes and covers a register.
pub const SPARSE_BYTES_MAX: usize = HEADER_BYTES + 2 * REGISTERS;

/// One byte per register: what sketches are merged in.
pub type Registers = [u8; REGISTERS];

/// A sparse sketch whose opcodes do not cover each register once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// How the registers are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Six bits each.
    Dense,
    /// As runs of equal registers.
    Sparse,
}

/// The first bytes of a sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SketchHeader {
    bytes: [u8; HEADER_BYTES],
    encoding: Encoding,
}

impl SketchHeader {
    /// Reads the header of a string of `len` bytes; `None` if it is no sketch.
    pub fn parse(bytes: [u8; HEADER_BYTES], len: u64) -> Option<SketchHeader> {
        let encoding = match bytes {
            [b'H', b'Y', b'L', b'L', 0, ..] if len == DENSE_BYTES as u64 => Encoding::Dense,
            [b'H', b'Y', b'L', b'L', 1, ..] if len >= HEADER_BYTES as u64 => Encoding::Sparse,
            _ => return None,
        };
        Some(SketchHeader { bytes, encoding })
    }

    /// How the registers are stored.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The bytes as they are stored.
    pub fn as_bytes(&self) -> &[u8; HEADER_BYTES] {
        &self.bytes
    }

    /// The cardinality, unless a register has changed since it was computed.
    pub fn cached(&self) -> Option<u64> {
        let [.., a, b, c, d, e, f, g, h] = self.bytes;
        (h & OUT_OF_DATE == 0).then(|| u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }

    /// Remembers the cardinality.
    pub fn cache(&mut self, cardinality: u64) {
        let bytes = self.bytes.iter_mut().skip(HEADER_BYTES - 8);
        for (byte, new) in bytes.zip(cardinality.to_le_bytes()) {
            *byte = new;
        }
    }

    /// Forgets the cardinality. As in Redis, the old number stays readable in the bytes.
    pub fn invalidate(&mut self) {
        self.bytes[HEADER_BYTES - 1] |= OUT_OF_DATE;
    }
}

/// Set in the last byte of the header when the cardinality must be computed anew.
const OUT_OF_DATE: u8 = 0x80;
const MAGIC: &[u8; 4] = b"HYLL";

/// A whole sketch in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    header: SketchHeader,
    /// What follows the header: packed registers, exactly as many bytes as they need, or opcodes.
    body: Vec<u8>,
}

impl Sketch {
    /// A sketch of nothing.
    pub fn empty() -> Sketch {
        let mut bytes = [0; HEADER_BYTES];
        for (byte, magic) in bytes.iter_mut().zip(MAGIC) {
            *byte = *magic;
        }
        bytes[MAGIC.len()] = 1;
        let header = SketchHeader {
            bytes,
            encoding: Encoding::Sparse,
        };
        let mut body = Vec::new();
        sparse::push_run(&mut body, 0, REGISTERS);
        Sketch { header, body }
    }

    /// Takes the bytes of a string apart; `None` if it is no sketch. Opcodes are not checked yet.
    pub fn parse(bytes: &[u8]) -> Option<Sketch> {
        let (header, body) = bytes.split_first_chunk()?;
        Some(Sketch {
            header: SketchHeader::parse(*header, bytes.len() as u64)?,
            body: body.to_vec(),
        })
    }

    /// The first bytes.
    pub fn header(&self) -> &SketchHeader {
        &self.header
    }

    /// What follows the header.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// How the registers are stored.
    pub fn encoding(&self) -> Encoding {
        self.header.encoding
    }

    /// Remembers the cardinality.
    pub fn cache(&mut self, cardinality: u64) {
        self.header.cache(cardinality);
    }

    /// Forgets the cardinality.
    pub fn invalidate(&mut self) {
        self.header.invalidate();
    }

    /// Raises a register to a rank; gives whether it was lower. A sparse sketch that would grow
    /// beyond `sparse_bytes_max`, or cannot hold the rank, becomes dense. As in Redis, a sparse
    /// sketch is looked at only up to the register.
    pub fn raise(&mut self, rank: Rank, sparse_bytes_max: u64) -> Result<bool, Malformed> {
        if self.encoding() == Encoding::Sparse {
            let body_max = sparse_bytes_max.saturating_sub(HEADER_BYTES as u64);
            match sparse::raise(&mut self.body, rank, body_max)? {
                Raised::Unchanged => return Ok(false),
                Raised::Changed => return Ok(true),
                Raised::DoesNotFit => self.make_dense().map(drop)?,
            }
        }
        Ok(dense::raise(&mut self.body, rank))
    }

    /// Makes it dense; gives whether it was not.
    pub fn make_dense(&mut self) -> Result<bool, Malformed> {
        if self.encoding() == Encoding::Dense {
            return Ok(false);
        }
        let mut registers = [0; REGISTERS];
        self.merge_into(&mut registers)?;
        self.fill_dense(&registers);
        Ok(true)
    }

    /// Replaces all registers, by the dense encoding.
    pub fn fill_dense(&mut self, registers: &Registers) {
        self.header.bytes[MAGIC.len()] = 0;
        self.header.encoding = Encoding::Dense;
        self.body = dense::pack(registers);
    }

    /// Raises each of `registers` to the sketch's own.
    pub fn merge_into(&self, registers: &mut Registers) -> Result<(), Malformed> {
        match self.encoding() {
            Encoding::Dense => dense::merge_into(&self.body, registers),
            Encoding::Sparse => {
                // Nothing is merged from a sketch that turns out to be malformed.
                sparse::for_each_run(&self.body, |_, _, _| {})?;
                sparse::for_each_run(&self.body, |start, run, value| {
                    let covered = registers.get_mut(start..start + run).unwrap_or_default();
                    for register in covered {
                        *register = value.max(*register);
                    }
                })?;
            }
        }
        Ok(())
    }

    /// How many registers have each value.
    pub fn histogram(&self) -> Result<Histogram, Malformed> {
        match self.encoding() {
            Encoding::Dense => Ok(dense::histogram(&self.body)),
            Encoding::Sparse => {
                let mut histogram = Histogram::default();
                sparse::for_each_run(&self.body, |_, run, value| histogram.add(value, run))?;
                Ok(histogram)
            }
        }
    }

    /// The runs of a sparse sketch as they stand; `None` of a dense one.
    pub fn opcodes(&self) -> Option<Result<Vec<Opcode>, Malformed>> {
        (self.encoding() == Encoding::Sparse).then(|| sparse::opcodes(&self.body).collect())
    }
}
