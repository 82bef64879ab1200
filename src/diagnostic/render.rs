//! Draws remarks for a person, with the lines they are about.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Sources, Span};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Whether the drawing may use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Plain text.
    Plain,
    /// With ANSI colour codes.
    Coloured,
}

/// Draws one remark; several lines, no newline at the end.
#[must_use]
pub fn render(diagnostic: &Diagnostic, sources: &Sources, style: Style) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.as_str());
    let primary = &diagnostic.primary;
    let mut snippet = snippet_of(sources, primary.span)
        .annotation(AnnotationKind::Primary.span(visible(sources, primary.span)).label(&primary.text));
    let mut others = Vec::new();
    for label in &diagnostic.secondary {
        if label.span.source == primary.span.source {
            snippet = snippet.annotation(AnnotationKind::Context.span(visible(sources, label.span)).label(&label.text));
        } else {
            others.push(
                snippet_of(sources, label.span)
                    .annotation(AnnotationKind::Context.span(visible(sources, label.span)).label(&label.text)),
            );
        }
    }
    let mut group = Group::with_title(title).element(snippet);
    for other in others {
        group = group.element(other);
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    let renderer = match style {
        Style::Plain => Renderer::plain(),
        Style::Coloured => Renderer::styled(),
    };
    // The renderer shows what else steers a terminal, and leaves the second set of control characters as it is.
    renderer.render(&[group]).replace(|character: char| ('\u{80}'..='\u{9f}').contains(&character), "\u{fffd}")
}

fn snippet_of(sources: &Sources, span: Span) -> Snippet<'_, annotate_snippets::Annotation<'_>> {
    let source = sources.get(span.source);
    Snippet::source(&source.text).path(&source.name).fold(true)
}

/// The range to underline: within the text, on character boundaries, and at least one character where there is one.
fn visible(sources: &Sources, span: Span) -> std::ops::Range<usize> {
    let text = &sources.get(span.source).text;
    let start = text.floor_char_boundary(span.range().start);
    let end = text.ceil_char_boundary(span.range().end.min(text.len())).max(start);
    start..end
}
