//! The tokens of one call in; the facade's path, the name of the static, and
//! where the policies come from out.

use std::{
    fs,
    path::{Path, PathBuf},
};

use agentos_compiler::grammar::limits::MAX_SOURCE_BYTES;
use proc_macro2::{Delimiter, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{
    LitStr, Token, Visibility,
    parse::{Parse, ParseStream, Parser},
};

use crate::layout::Layout;

/// One call of the macro.
pub(crate) struct Input {
    /// The path of the facade.
    pub(crate) krate: TokenStream,
    /// Who sees the static.
    pub(crate) visibility: TokenStream,
    /// The name of the static.
    pub(crate) name: Ident,
    /// The policies.
    pub(crate) origin: Origin,
}

/// Where the policies of a call come from.
pub(crate) enum Origin {
    /// They stand in the call.
    Tokens(Layout),
    /// They stand in files.
    Files(Vec<File>),
}

/// A file that a call names.
pub(crate) struct File {
    name: LitStr,
    path: PathBuf,
}

impl File {
    fn new(name: LitStr) -> File {
        let root = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
        let path = Path::new(&root).join(name.value());
        File { name, path }
    }

    /// As written: the path from the crate's manifest.
    pub(crate) fn name(&self) -> String {
        self.name.value()
    }

    /// The place of the name in the call.
    pub(crate) fn span(&self) -> Span {
        self.name.span()
    }

    /// The whole path, for the compiler to watch.
    pub(crate) fn path(&self) -> String {
        self.path.display().to_string()
    }

    /// What the file says, or why it cannot be read.
    pub(crate) fn read(&self) -> Result<String, String> {
        let read = |error| format!("cannot read `{}`: {error}", self.name());
        let bytes = fs::metadata(&self.path).map_err(read)?.len();
        if bytes > MAX_SOURCE_BYTES as u64 {
            return Err(format!(
                "`{}` has {bytes} bytes, more than `MAX_SOURCE_BYTES` ({MAX_SOURCE_BYTES})",
                self.name()
            ));
        }
        fs::read_to_string(&self.path).map_err(read)
    }
}

/// Reads the call's tokens, `[path of the facade]` first.
pub(crate) fn read(tokens: TokenStream) -> syn::Result<Input> {
    let mut tokens = tokens.into_iter();
    let krate = match tokens.next() {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => group.stream(),
        _ => {
            return Err(syn::Error::new(
                Span::call_site(),
                "call this through `agentos::policy!`",
            ));
        }
    };
    let rest: TokenStream = tokens.collect();
    let header = Header::parse_with_rest.parse2(rest)?;
    let Header {
        visibility,
        name,
        files,
        rest,
    } = header;
    let origin = match files {
        Some(files) => Origin::Files(files),
        None => Origin::Tokens(Layout::new(rest)),
    };
    Ok(Input {
        krate,
        visibility,
        name,
        origin,
    })
}

fn is_key(input: ParseStream<'_>) -> bool {
    input.peek(syn::Ident) && input.peek2(Token![=])
}

/// `file = "a", "b",`; the key may stand before each name.
fn files(input: ParseStream<'_>) -> syn::Result<Vec<File>> {
    let mut files = Vec::new();
    while !input.is_empty() || files.is_empty() {
        if is_key(input) {
            let key: Ident = input.parse()?;
            if key != "file" {
                let message =
                    format!("`{key}` is not known here: write `file = \"policies/mail.policy\"`");
                return Err(syn::Error::new(key.span(), message));
            }
            input.parse::<Token![=]>()?;
        }
        files.push(File::new(input.parse()?));
        if input.parse::<Option<Token![,]>>()?.is_none() && !input.is_empty() {
            return Err(input.error("only names of files, with commas between them, stand here"));
        }
    }
    Ok(files)
}

struct Header {
    visibility: TokenStream,
    name: Ident,
    files: Option<Vec<File>>,
    rest: TokenStream,
}

impl Header {
    fn parse_with_rest(input: ParseStream<'_>) -> syn::Result<Header> {
        let mut visibility = quote!(pub);
        let mut name = Ident::new("POLICY", Span::call_site());
        if input.peek(Token![pub]) || input.peek(Token![static]) {
            visibility = Visibility::parse(input)?.into_token_stream();
            input.parse::<Token![static]>()?;
            name = input.parse()?;
            input.parse::<Token![;]>()?;
        }
        let files = if is_key(input) {
            Some(files(input)?)
        } else {
            None
        };
        Ok(Header {
            visibility,
            name,
            files,
            rest: input.parse()?,
        })
    }
}
