use serde::de::DeserializeOwned;

/// An embedded data file.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// The embedded files `data/<folder>/<name>.jsonl`, in the order of the names.
macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$($crate::file::File {
            name: $name,
            text: include_str!(concat!("../data/", $folder, "/", $name, ".jsonl")),
        }),*]
    };
}
pub(crate) use files;

impl File {
    /// Parses the header in the first line and the items in the other lines.
    pub(crate) fn read<H: DeserializeOwned, T: DeserializeOwned>(&self) -> (H, Vec<T>) {
        let mut lines = self.text.lines().enumerate();
        let header = lines.next().map_or_else(|| self.reject(0, "the file is empty"), |line| self.line(line));
        (header, lines.map(|line| self.line(line)).collect())
    }

    fn line<T: DeserializeOwned>(&self, (index, line): (usize, &str)) -> T {
        serde_json::from_str(line).unwrap_or_else(|error| self.reject(index, error))
    }

    #[allow(clippy::panic)] // Only tests load this data, and they must fail if it is damaged.
    fn reject(&self, index: usize, why: impl std::fmt::Display) -> ! {
        panic!("{} line {}: {why}", self.name, index + 1)
    }
}
