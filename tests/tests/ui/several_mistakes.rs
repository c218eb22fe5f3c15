agentos::policy! {
    policy p {
        extends baselnie;
        allow read_file
        deny * when text matches r"(";
        deny * when text matches secrest;
    }
}

fn main() {}
