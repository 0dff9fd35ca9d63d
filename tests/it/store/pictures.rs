use postrider::digest::picture::{Kind as Form, Picture};

use super::*;

conform!(keeps_pictures);

async fn keeps_pictures(bench: Bench) {
    let store = &bench.store;
    assert_eq!(store.picture("k").await.unwrap(), None);
    let picture = Picture {
        key: "k".to_owned(),
        kind: Form::Jpeg,
        width: 1600,
        height: 900,
        bytes: (0..=255).cycle().take(300_000).collect(),
    };
    store.keep_picture(&picture, at(0)).await.unwrap();
    let other = Picture { kind: Form::Png, bytes: vec![0], ..picture.clone() };
    store.keep_picture(&other, at(1)).await.unwrap();
    assert_eq!(bench.again().await.picture("k").await.unwrap(), Some(picture), "the first one stays");
}
