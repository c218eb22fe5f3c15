macro_rules! policies {
    ($action:ident) => {
        agentos::policy! {
            policy p {
                allow $action when nothing == 1;
            }
        }
    };
}

policies!(read_file);

fn main() {}
