//! The score in a letter and in a word.

/// The score as a school grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// From 95.
    APlus,
    /// From 90.
    A,
    /// From 85.
    BPlus,
    /// From 80.
    B,
    /// From 75.
    CPlus,
    /// From 70.
    C,
    /// From 60.
    D,
    /// Below.
    F,
}

/// The score in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// From 90.
    Excellent,
    /// From 80.
    Good,
    /// From 70.
    Fair,
    /// From 60.
    Poor,
    /// Below.
    Critical,
}

impl Grade {
    /// The grade of a score.
    pub fn of(score: u8) -> Self {
        match score {
            95.. => Self::APlus,
            90.. => Self::A,
            85.. => Self::BPlus,
            80.. => Self::B,
            75.. => Self::CPlus,
            70.. => Self::C,
            60.. => Self::D,
            _ => Self::F,
        }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::APlus => "A+",
            Self::A => "A",
            Self::BPlus => "B+",
            Self::B => "B",
            Self::CPlus => "C+",
            Self::C => "C",
            Self::D => "D",
            Self::F => "F",
        }
    }
}

impl Standing {
    /// The word for a score.
    pub fn of(score: u8) -> Self {
        match score {
            90.. => Self::Excellent,
            80.. => Self::Good,
            70.. => Self::Fair,
            60.. => Self::Poor,
            _ => Self::Critical,
        }
    }

    /// Its name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Good => "good",
            Self::Fair => "fair",
            Self::Poor => "poor",
            Self::Critical => "critical",
        }
    }
}
