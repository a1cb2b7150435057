//! A document before it has a format: blocks of lines of spans. What it says is decided in `story`, how it
//! looks in `markdown`, `plain` and `html`, each of which escapes everything it is given.

use super::lanes::Lanes;

/// A document in one language.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Document {
    pub title: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// Level 2 or 3; the title is level 1.
    Heading(u8, String),
    Paragraph(Line),
    List(Vec<Line>),
    /// In order, for steps to take.
    Steps(Vec<Line>),
    Table(Table),
    /// Text to be copied as it stands.
    Code(String),
    Lanes(Lanes),
    /// A picture of a screen, beside the document and as it would stand inside it.
    Picture {
        alt: String,
        file: String,
        svg: String,
    },
}

/// Rows of one width under a head.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<Line>>,
}

/// Spans that are read as one sentence or cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line(pub Vec<Span>);

#[derive(Clone, Debug, PartialEq)]
pub enum Span {
    Plain(String),
    Strong(String),
    /// Names, ids and commands, shown as typed.
    Code(String),
}

impl Span {
    pub fn words(&self) -> &str {
        match self {
            Self::Plain(w) | Self::Strong(w) | Self::Code(w) => w,
        }
    }
}

impl Line {
    pub fn plain(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Plain(words.into()));
        self
    }

    pub fn strong(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Strong(words.into()));
        self
    }

    pub fn code(mut self, words: impl Into<String>) -> Self {
        self.0.push(Span::Code(words.into()));
        self
    }

    /// The words alone.
    pub fn words(&self) -> String {
        self.0.iter().map(Span::words).collect()
    }
}

impl<T: Into<String>> From<T> for Line {
    fn from(words: T) -> Self {
        Self::default().plain(words)
    }
}

impl Table {
    pub fn new(head: impl IntoIterator<Item = String>) -> Self {
        Self { head: head.into_iter().collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = Line>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Document {
    pub fn heading(&mut self, level: u8, words: impl Into<String>) {
        self.blocks.push(Block::Heading(level, words.into()));
    }

    pub fn paragraph(&mut self, line: impl Into<Line>) {
        let line = line.into();
        if !line.words().is_empty() {
            self.blocks.push(Block::Paragraph(line));
        }
    }

    pub fn list(&mut self, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.blocks.push(Block::List(lines));
        }
    }

    pub fn steps(&mut self, lines: Vec<Line>) {
        if !lines.is_empty() {
            self.blocks.push(Block::Steps(lines));
        }
    }

    pub fn table(&mut self, table: Table) {
        if !table.rows.is_empty() {
            self.blocks.push(Block::Table(table));
        }
    }
}
