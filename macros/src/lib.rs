//! `policy!`: tokens in, a `static` that decides out.
//!
//! A thin door into the compiler: the tokens become a text again, each at its
//! own line and column, the compiler reads it, and what it finds goes back to
//! the tokens it is about.
#![forbid(unsafe_code)]

mod input;
mod layout;

use agentos_compiler::{
    Finding, Options, Sources, compile, emit, finding::Level, runtime::table::Table,
};
use proc_macro2::TokenStream;
use quote::quote;

use input::{Input, Origin};

/// What the facade's `policy!` expands to; it puts `[$crate]` in front.
#[proc_macro]
pub fn policy(tokens: proc_macro::TokenStream) -> proc_macro::TokenStream {
    match input::read(tokens.into()) {
        Ok(input) => expand(&input).into(),
        Err(error) => error.into_compile_error().into(),
    }
}

/// What is proved stands in the editor of whoever writes the policy.
const OPTIONS: Options = Options {
    strict: false,
    proves: true,
};

fn expand(input: &Input) -> TokenStream {
    let mut sources = Sources::new();
    let mut errors: Vec<syn::Error> = Vec::new();
    let mut rebuild = TokenStream::new();
    match &input.origin {
        Origin::Tokens(layout) => {
            sources.add(layout.file(), layout.text());
        }
        Origin::Files(files) => {
            for file in files {
                match file.read() {
                    Ok(text) => sources.add(file.name(), text),
                    Err(message) => {
                        errors.push(syn::Error::new(file.span(), message));
                        continue;
                    }
                };
                let path = file.path();
                rebuild.extend(quote!(
                    const _: &[u8] = ::core::include_bytes!(#path);
                ));
            }
        }
    }
    let (plan, findings) = compile(&sources, &OPTIONS);
    let wrong = findings
        .iter()
        .filter(|finding| finding.level == Level::Error);
    errors.extend(wrong.map(|finding| error(finding, &input.origin, &sources)));
    // One error a mistake: what follows from it still finds a policy, which denies.
    let nothing = Table {
        sources: (&[]).into(),
        policies: (&[]).into(),
    };
    let table = match &plan {
        Some(plan) if errors.is_empty() => plan.table(),
        _ => nothing,
    };
    let errors = errors.iter().map(syn::Error::to_compile_error);
    let item = emit::rust::tokens(&table, &input.visibility, &input.name, &input.krate);
    quote!(#(#errors)* #rebuild #item)
}

/// The finding at the user's own token, or at the name of the file it is in.
fn error(finding: &Finding, origin: &Origin, sources: &Sources) -> syn::Error {
    let mut message = format!("{}: {}", finding.lint.code, finding.message);
    if let Some(help) = &finding.help {
        message.push_str("\nhelp: ");
        message.push_str(help);
    }
    let place = finding.primary.span;
    match origin {
        Origin::Tokens(layout) => syn::Error::new_spanned(layout.tokens_at(place.range()), message),
        Origin::Files(files) => {
            let (line, column) = sources.line_column(place);
            let name = &sources.get(place.source).name;
            let file = files
                .iter()
                .find(|file| file.name() == *name)
                .or(files.first());
            let span = file.map_or_else(proc_macro2::Span::call_site, input::File::span);
            syn::Error::new(span, format!("{name}:{line}:{column}: {message}"))
        }
    }
}
