use serde::de::DeserializeOwned;

/// A data file that is compiled in.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) text: &'static str,
}

/// The compiled-in files `data/<folder>/<name>.jsonl`, in the order of the names.
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
    /// Reads the header in the first line, and the items in the others.
    pub(crate) fn read<H: DeserializeOwned, T: DeserializeOwned>(&self) -> (H, Vec<T>) {
        let mut lines = self.text.lines().enumerate();
        let header = lines.next().map_or_else(|| self.reject(0, "the file is empty"), |line| self.line(line));
        (header, lines.map(|line| self.line(line)).collect())
    }

    fn line<T: DeserializeOwned>(&self, (index, line): (usize, &str)) -> T {
        serde_json::from_str(line).unwrap_or_else(|error| self.reject(index, error))
    }

    #[allow(clippy::panic)] // Only tests load this data, and they are to fail where it is damaged.
    fn reject(&self, index: usize, why: impl std::fmt::Display) -> ! {
        panic!("{} line {}: {why}", self.name, index + 1)
    }
}
