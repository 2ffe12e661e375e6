//! The forms in which most commands print.

/// The forms of most commands.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum Form {
    /// For people
    #[default]
    Table,
    /// For programs
    Json,
    /// For a comment or a page
    Markdown,
}
