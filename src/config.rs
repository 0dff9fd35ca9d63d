//! `postrider.yaml` + environment + `*_FILE` → checked types. The only reader of the environment.
