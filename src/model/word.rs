//! Enums whose variants are words of manifests, journal and reports.

macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident, $expected:literal, { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// The word in manifests, journal and reports.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::model::BadValue;

            /// Reads the word whatever its case.
            fn from_str(text: &str) -> Result<Self, crate::model::BadValue> {
                $(if text.eq_ignore_ascii_case($word) { return Ok(Self::$variant); })+
                Err(crate::model::BadValue::new(text, $expected))
            }
        }
    };
}
pub(super) use word_enum;
