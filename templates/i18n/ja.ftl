# Postrider 自身の言葉、日本語。

## 日付

date-long = { $year }年{ $number }月{ $day }日
date-short = { $number }月{ $day }日
date-time = { $year }年{ $number }月{ $day }日（{ $weekday }）{ $time }
month-1 = 1月
month-2 = 2月
month-3 = 3月
month-4 = 4月
month-5 = 5月
month-6 = 6月
month-7 = 7月
month-8 = 8月
month-9 = 9月
month-10 = 10月
month-11 = 11月
month-12 = 12月
month-short-1 = 1月
month-short-2 = 2月
month-short-3 = 3月
month-short-4 = 4月
month-short-5 = 5月
month-short-6 = 6月
month-short-7 = 7月
month-short-8 = 8月
month-short-9 = 9月
month-short-10 = 10月
month-short-11 = 11月
month-short-12 = 12月
weekday-1 = 月曜日
weekday-2 = 火曜日
weekday-3 = 水曜日
weekday-4 = 木曜日
weekday-5 = 金曜日
weekday-6 = 土曜日
weekday-7 = 日曜日

## ページ

language-name = 日本語
list-separator = 、
skip-to-content = 本文へ移動
languages = 言語
powered-by = Postrider で配信・公開しています
nav-home = 概要
nav-feeds = フィード
nav-subscribe = メール購読

when-published = 公開されるたびに
when-daily = 毎日 { $time }（{ $zone }）
when-weekly = 毎週{ $days } { $time }（{ $zone }）
when-monthly = 毎月{ $days }日 { $time }（{ $zone }）
when-next = 次回は{ $date }

home-lead = 新しい記事を、メールまたはフィードリーダーへお届けします。
home-to-site = サイトへ
home-mail = メールで読む
home-mail-button = メールで購読する
home-mail-archive = バックナンバー
home-feeds = フィードリーダーで読む
home-feeds-text = 次のアドレスのどれかをフィードリーダーに登録してください。いずれも記事の全文を含みます。
home-feeds-all = { $count } 件のフィードをすべて見る
home-empty = サイトを初めて読み込んでいます。少し待ってからもう一度お越しください。

feeds-title = フィード
feeds-lead = フィードは、新しい記事をリーダーに知らせます。アカウントもメールアドレスも要りません。アドレスをフィードリーダーにコピーするか、リーダーで開いてください。
feeds-choose = 三つの形式の内容は同じです。RSS はすべてのリーダーが、Atom はほとんどのリーダーが、JSON Feed は新しいリーダーが対応しています。
feeds-all = すべて
feeds-language = 言語別
feeds-section = セクション別
feeds-category = カテゴリー別
feeds-tag = タグ別
feeds-author = 著者別
feeds-column-name = 名前
feeds-column-posts = 記事数
feeds-column-formats = フィード
feeds-posts = { $count } 件
feeds-format-of = 「{ $title }」の { $format } フィード
feeds-more = ほかに記事の少ないものが { $count } 件あります。すべて OPML ファイルに入っています。
feeds-opml = まとめて登録する：OPML ファイル
feeds-opml-text = フィードリーダーに読み込ませると、すべてのフィードを購読できます。
feeds-copy = コピー
feeds-copied = コピーしました
feeds-copy-of = { $format } のアドレスをコピー
feeds-newest = 最新の記事
feeds-site = サイトのページに載せるには
feeds-site-text = サイトを運営している方へ：ページの head にこの行を入れると、ブラウザーやフィードリーダーがフィードを自動で見つけます。

subscribe-title = メールで購読する
subscribe-lead = 送り先を入力して、受信箱をご確認ください。確認していただくまで、何もお送りしません。
subscribe-choose = 何を受け取りますか？
subscribe-this = お届けするもの
subscribe-address = メールアドレス
subscribe-address-hint = このメールの配信だけに使います。どのメールにも購読解除のリンクがあります。
subscribe-trap = この欄には何も入力しないでください
subscribe-button = 購読する
subscribe-none = ここにはメールで購読できるものがありません。フィードにはすべて揃っています。
subscribe-fault = まだ完了していません
subscribe-fault-empty = メールアドレスを入力してください。
subscribe-fault-address = このアドレスは使えません。
subscribe-fault-choose = 少なくとも一つ選んでください。
subscribe-fault-unknown = お選びのものはここにありません。もう一度選んでください。
subscribe-fault-early = 操作が速すぎたようです。もう一度ボタンを押してください。
subscribe-fault-late = ページを開いてから時間がたちました。もう一度ボタンを押してください。

subscribed-title = 受信箱をご確認ください
subscribed-text = 購読できるアドレスであれば、リンクの入ったメールをお送りしました。リンクを開いてボタンを押すと、購読が始まります。
subscribed-late = 数分たっても届かないときは、迷惑メールフォルダーをご確認ください。同じアドレスへの確認メールは一日一通です。

confirm-title = 購読の確認
confirm-text = { $address } にお届けします。
confirm-button = はい、購読します
confirm-not-me = お心当たりがなければ、このページを閉じてください。何も届きません。
confirm-done-title = 購読を始めました
confirm-done-text = これから { $address } にお届けします。
confirm-already-title = 確認は済んでいます
confirm-already-text = { $address } にお届けしています。これ以上の操作は要りません。
confirm-expired-title = リンクの期限が切れています
confirm-expired-text = 確認リンクの有効期間は三日間です。もう一度お申し込みいただくと、新しいリンクをお送りします。
confirm-unsubscribed-title = その後、購読を解除されています
confirm-unsubscribed-text = このリンクが使われたあと、購読が解除されました。いつでもまたご購読いただけます。
confirm-unknown-title = このリンクは確認できません
confirm-unknown-text = 途中で切れているかもしれません。メールからもう一度開くか、あらためてお申し込みください。

unsubscribe-title = 購読解除
unsubscribe-text = 解除すると、{ $address } にはこのメールが届かなくなります。
unsubscribe-button = 購読を解除する
unsubscribe-done-title = 購読を解除しました
unsubscribe-done-text = { $address } にはもう届きません。
unsubscribe-already-title = 購読は解除されています
unsubscribe-already-text = { $address } には届きません。これ以上の操作は要りません。
unsubscribe-where-title = リンクはメールの中にあります
unsubscribe-where-text = どのメールの末尾にも、購読解除と設定変更のためのあなた専用のリンクがあります。そこから開いてください。
unsubscribe-unknown-title = このリンクは確認できません
unsubscribe-unknown-text = 途中で切れているかもしれません。メールからもう一度開いてください。該当する読者が削除されている場合、もうメールは届きません。

preferences-title = 購読の設定
preferences-for = { $address } へのメール
preferences-link = 購読中のものをすべて見る
preferences-saved = 保存しました。
preferences-choose = 受け取りたいものを選んでください
preferences-state-confirmed = 購読中
preferences-state-unconfirmed = 確認待ち：リンクは受信箱にあります
preferences-state-unsubscribed = 購読していません
preferences-gone = 配信を終了しました
preferences-suppressed = このアドレスへのメールが戻ってきたか拒否されたため、配信を止めています。
preferences-save = 保存する
preferences-leave = すべて解除する
preferences-leave-text = 今後メールは一切届きません。
preferences-empty = 何もありません。
preferences-unknown-title = このリンクは確認できません
preferences-unknown-text = 途中で切れているかもしれません。メールからもう一度開いてください。

archive-title = バックナンバー
archive-empty = 第一号はまだ配信されていません。
archive-reader = 読者の皆さま
archive-subscribe = 購読する

error-back = 概要へ戻る
error-malformed-title = 内容を理解できませんでした
error-malformed-text = このアドレスが想定していないリクエストです。
error-foreign-title = 別の場所から送られています
error-foreign-text = このフォームは当サイト以外のページから送られました。当サイトのページをお使いください。
error-private-title = 公開していません
error-private-text = このアドレスは、サイトを運用する機器にだけ応答します。
error-not-found-title = ここには何もありません
error-not-found-text = このアドレスのページはありません。
error-gone-title = このフィードは終了しました
error-gone-text = この名前の記事はサイトにもうありません。ほかのフィードは概要ページからご覧ください。
error-method-title = その方法では使えません
error-method-text = このアドレスはそのようには利用できません。
error-slow-title = 時間がかかりすぎました
error-slow-text = フォームが時間内に届きませんでした。もう一度お試しください。
error-large-title = 大きすぎます
error-large-text = ここのフォームで受け取れる量を超えています。
error-many-title = リクエストが多すぎます
error-many-text = お使いのネットワークから非常に多くのリクエストがありました。一時間後にもう一度お試しください。
error-internal-title = こちらの不具合です
error-internal-text = 問題が発生し、記録されました。しばらくしてからもう一度お試しください。

## メール

subject = { $more ->
    [0] { $title }
   *[other] { $title } ほか { $more } 件
}
summary = 新着記事 { $count } 件 · 読了まで約 { $minutes } 分
minutes = 約 { $count } 分
view-on-web = ブラウザーで見る
read-on = 「{ $site }」で読む
read-post = 「{ $title }」を読む
read-rest = 続きを「{ $site }」で読む
film = 動画：{ $name }
sound = 音声：{ $name }
more = 「{ $site }」にはほかに { $count } 件あります
footer-why = このメールは、「{ $site }」の「{ $title }」を購読し、確認してくださった方にお送りしています。
footer-why-same = このメールは、「{ $title }」を購読し、確認してくださった方にお送りしています。
footer-address = 宛先：{ $address }
footer-preferences = 購読内容を変更
footer-unsubscribe = 購読を解除
confirmation-subject = 購読の確認：{ $title }
confirmation-title = 「{ $title }」をメールで受け取りますか？
confirmation-asked = どなたか（おそらくご本人）が { $site } で、「{ $title }」をこのアドレスへ送るよう申し込みました。ボタンを押すと、次の号からお届けします。
confirmation-button = はい、購読します
confirmation-link = ボタンが使えないときは、次のアドレスを開いてください：
confirmation-ignore = お心当たりがなければ、このメールは無視してください。何もお送りしません。

## デモ

demo-mails-title = メール
demo-mails-lead = 三人の読者に届くはずのメールです。このコンピューターの外には何も送られていません。
demo-mails-empty = まだメールは書き出されていません。
demo-mails-folder = ファイルは { $folder } にあります
demo-mail-from = 差出人
demo-mail-to = 宛先
demo-mail-date = 日時
demo-mail-text = テキスト部分
demo-mail-source = メールそのもの（.eml）
demo-mail-back = すべてのメール
