//! Safetensors files whose bytes depend on nothing but their content.
//!
//! The `safetensors` crate writes metadata in the order of a hash map, which differs from run to
//! run; here the header is written with sorted keys. Files are read with the crate.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

use super::CheckpointError;

/// The header's length is a multiple of this, so that the data after it is aligned.
const ALIGNMENT: usize = 8;

/// A named tensor of 32-bit floats.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Name, unique in the file.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Values, row-major.
    pub values: Vec<f32>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TensorFile {
    /// Text by key.
    pub metadata: BTreeMap<String, String>,
    /// Tensors by name.
    pub tensors: BTreeMap<String, NamedTensor>,
}

/// The bytes of a safetensors file: tensors and metadata sorted by name.
#[must_use]
pub fn encode(metadata: &BTreeMap<String, String>, tensors: &[NamedTensor]) -> Vec<u8> {
    let mut sorted: Vec<&NamedTensor> = tensors.iter().collect();
    sorted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!(metadata));
    let mut data = Vec::with_capacity(sorted.iter().map(|tensor| 4 * tensor.values.len()).sum());
    for tensor in sorted {
        let start = data.len();
        for value in &tensor.values {
            data.extend_from_slice(&value.to_le_bytes());
        }
        header.insert(
            tensor.name.clone(),
            json!({ "dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.len()] }),
        );
    }
    let mut header = Value::Object(header).to_string().into_bytes();
    header.resize(header.len().next_multiple_of(ALIGNMENT), b' ');
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut header);
    bytes.append(&mut data);
    bytes
}

/// Reads the bytes of a safetensors file of 32-bit floats; `path` is for the error's text.
///
/// # Errors
/// When the bytes are no such file.
pub fn decode(path: &Path, bytes: &[u8]) -> Result<TensorFile, CheckpointError> {
    let malformed = |fault: String| CheckpointError::Malformed { path: path.to_owned(), fault };
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|error| malformed(error.to_string()))?;
    let file = SafeTensors::deserialize(bytes).map_err(|error| malformed(error.to_string()))?;
    let metadata = header.metadata().iter().flatten();
    let metadata = metadata.map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(malformed(format!("tensor `{name}` is {}, not F32", view.dtype())));
        }
        let (values, _) = view.data().as_chunks::<4>();
        let values = values.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
        let shape = view.shape().to_vec();
        tensors.insert(name.clone(), NamedTensor { name, shape, values });
    }
    Ok(TensorFile { metadata, tensors })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example() -> (BTreeMap<String, String>, Vec<NamedTensor>) {
        let metadata = (0..20).map(|i| (format!("key_{i}"), format!("\"value\" {i}"))).collect();
        let tensor = |name: &str, shape: &[usize]| NamedTensor {
            name: name.to_owned(),
            shape: shape.to_vec(),
            values: (0..shape.iter().product::<usize>()).map(|i| i as f32 - 0.5).collect(),
        };
        (metadata, vec![tensor("b.weight", &[3, 2]), tensor("a", &[]), tensor("empty", &[0, 4])])
    }

    #[test]
    fn what_is_written_reads_back_and_is_the_same_each_time() {
        let (metadata, tensors) = example();
        let bytes = encode(&metadata, &tensors);
        assert_eq!(bytes, encode(&metadata, &tensors));
        let file = decode(Path::new("x"), &bytes).unwrap();
        assert_eq!(file.metadata, metadata);
        assert_eq!(file.tensors.len(), 3);
        for tensor in tensors {
            assert_eq!(file.tensors[&tensor.name], tensor);
        }
    }

    #[test]
    fn another_type_of_number_is_named() {
        let (metadata, tensors) = example();
        let mut bytes = encode(&metadata, &tensors);
        let place = bytes.windows(3).position(|three| three == b"F32").unwrap();
        bytes[place] = b'I';
        let error = decode(Path::new("x"), &bytes).unwrap_err();
        assert!(error.to_string().contains("not F32"), "{error}");
    }

    proptest! {
        #[test]
        fn prop_no_bytes_make_it_panic(
            cut in 0_usize..400,
            flips in proptest::collection::vec((0_usize..400, any::<u8>()), 0..4),
        ) {
            let (metadata, tensors) = example();
            let mut bytes = encode(&metadata, &tensors);
            for (place, byte) in flips {
                if let Some(old) = bytes.get_mut(place) {
                    *old = byte;
                }
            }
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            let _ = decode(Path::new("x"), &bytes);
        }
    }
}
