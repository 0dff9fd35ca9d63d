# Postrider 自己說的話，繁體中文。

## 日期

date-long = { $year } 年 { $number } 月 { $day } 日
date-short = { $number } 月 { $day } 日
date-time = { $year } 年 { $number } 月 { $day } 日{ $weekday } { $time }
month-1 = 一月
month-2 = 二月
month-3 = 三月
month-4 = 四月
month-5 = 五月
month-6 = 六月
month-7 = 七月
month-8 = 八月
month-9 = 九月
month-10 = 十月
month-11 = 十一月
month-12 = 十二月
month-short-1 = 1 月
month-short-2 = 2 月
month-short-3 = 3 月
month-short-4 = 4 月
month-short-5 = 5 月
month-short-6 = 6 月
month-short-7 = 7 月
month-short-8 = 8 月
month-short-9 = 9 月
month-short-10 = 10 月
month-short-11 = 11 月
month-short-12 = 12 月
weekday-1 = 星期一
weekday-2 = 星期二
weekday-3 = 星期三
weekday-4 = 星期四
weekday-5 = 星期五
weekday-6 = 星期六
weekday-7 = 星期日

## 網頁

language-name = 繁體中文
list-separator = 、
skip-to-content = 跳到內文
languages = 語言
powered-by = 由 Postrider 發布與寄送
nav-home = 總覽
nav-feeds = 訂閱源
nav-subscribe = 郵件訂閱

when-published = 有新文章時隨時寄出
when-daily = 每天 { $time }（{ $zone }）
when-weekly = 每{ $days } { $time }（{ $zone }）
when-monthly = 每月 { $days } 日 { $time }（{ $zone }）
when-next = 下一期：{ $date }

home-lead = 新文章會自己來找您：寄到信箱，或出現在閱讀器裡。
home-to-site = 前往網站
home-mail = 電子郵件
home-mail-button = 以郵件訂閱
home-mail-archive = 過往各期
home-feeds = 閱讀器
home-feeds-text = 把下面任一網址放進您的閱讀器，裡面是文章全文。
home-feeds-all = 全部 { $count } 個訂閱源
home-empty = 正在首次讀取網站內容，請稍後再來。

feeds-title = 訂閱源
feeds-lead = 訂閱源會把新文章告訴您的閱讀器，不需要帳號，也不需要信箱。把網址複製到閱讀器裡，或直接用閱讀器開啟。
feeds-choose = 三種格式內容相同：RSS 所有閱讀器都支援，Atom 幾乎都支援，JSON Feed 較新的閱讀器支援。
feeds-all = 全部文章
feeds-language = 依語言
feeds-section = 依欄目
feeds-category = 依分類
feeds-tag = 依標籤
feeds-author = 依作者
feeds-column-name = 名稱
feeds-column-posts = 文章數
feeds-column-formats = 訂閱源
feeds-posts = { $count } 篇
feeds-format-of = 《{ $title }》的 { $format }
feeds-more = 另有 { $count } 個文章較少的，都在 OPML 檔案裡。
feeds-opml = 一次全部匯入：OPML 檔案
feeds-opml-text = 閱讀器匯入這個檔案，就會訂閱全部訂閱源。
feeds-copy = 複製
feeds-copied = 已複製
feeds-copy-of = 複製 { $format } 網址
feeds-newest = 最新文章
feeds-site = 寫進網站的頁面
feeds-site-text = 如果這是您的網站：把這幾行放進頁面的 head，瀏覽器和閱讀器就能自己找到訂閱源。

subscribe-title = 以郵件訂閱
subscribe-lead = 填好信箱，再去收件匣看一眼：在您確認之前，不會寄出任何一期。
subscribe-choose = 您想收到什麼？
subscribe-this = 您將收到
subscribe-address = 您的電子郵件地址
subscribe-address-hint = 只用來寄送這些郵件。每封郵件裡都有取消訂閱的連結。
subscribe-trap = 請不要填寫這一欄
subscribe-button = 訂閱
subscribe-none = 這裡沒有可以用郵件訂閱的內容，訂閱源裡什麼都有。
subscribe-fault = 還差一步
subscribe-fault-empty = 請填寫電子郵件地址。
subscribe-fault-address = 這個地址無法使用。
subscribe-fault-choose = 請至少選擇一項。
subscribe-fault-unknown = 這裡沒有您要訂閱的內容，請重新選擇。
subscribe-fault-early = 太快了，請再按一次按鈕。
subscribe-fault-late = 頁面開啟太久了，請再按一次按鈕。

subscribed-title = 請查看您的信箱
subscribed-text = 如果這個地址可以訂閱，一封帶有連結的郵件已經在路上。開啟連結並按下按鈕，訂閱才算完成。
subscribed-late = 幾分鐘後還沒收到？請看看垃圾郵件匣。同一個地址一天只會收到一封確認郵件。

confirm-title = 確認訂閱
confirm-text = 確認後會寄到 { $address }。
confirm-button = 是的，我要訂閱
confirm-not-me = 如果不是您本人，關掉這個頁面就好，什麼都不會寄出。
confirm-done-title = 訂閱成功
confirm-done-text = 從現在起會寄到 { $address }。
confirm-already-title = 已經確認過了
confirm-already-text = 郵件會寄到 { $address }，不必再做什麼。
confirm-expired-title = 連結已過期
confirm-expired-text = 確認連結三天內有效。請重新訂閱，會收到新的連結。
confirm-unsubscribed-title = 您已經取消訂閱
confirm-unsubscribed-text = 這個連結用過，之後您又取消了訂閱。歡迎隨時重新訂閱。
confirm-unknown-title = 無法辨識的連結
confirm-unknown-text = 連結可能被截斷了。請從郵件裡重新開啟，或重新訂閱。

unsubscribe-title = 取消訂閱
unsubscribe-text = 取消後不再寄到 { $address }。
unsubscribe-button = 取消訂閱
unsubscribe-done-title = 已取消訂閱
unsubscribe-done-text = 不會再寄到 { $address }。
unsubscribe-already-title = 已取消訂閱
unsubscribe-already-text = 不會寄到 { $address }，不必再做什麼。
unsubscribe-where-title = 連結在您的郵件裡
unsubscribe-where-text = 每封郵件的末尾都有專屬於您的取消訂閱與設定連結，請從郵件裡開啟。
unsubscribe-unknown-title = 無法辨識的連結
unsubscribe-unknown-text = 連結可能被截斷了，請從郵件裡重新開啟。如果對應的讀者已經刪除，就不會再寄出任何郵件。

preferences-title = 您的訂閱
preferences-for = 寄到 { $address } 的郵件
preferences-link = 查看您的全部訂閱
preferences-saved = 已儲存。
preferences-choose = 選擇想收到的內容
preferences-state-confirmed = 已訂閱
preferences-state-unconfirmed = 等待確認：連結在您的信箱裡
preferences-state-unsubscribed = 未訂閱
preferences-gone = 已停止寄送
preferences-suppressed = 寄到這個地址的郵件曾被退回或拒收，所以不再寄送。
preferences-save = 儲存
preferences-leave = 全部取消訂閱
preferences-leave-text = 不再寄出任何郵件。
preferences-empty = 這裡什麼都沒有。
preferences-unknown-title = 無法辨識的連結
preferences-unknown-text = 連結可能被截斷了，請從郵件裡重新開啟。

archive-title = 過往各期
archive-empty = 第一期還沒有寄出。
archive-reader = 讀者
archive-subscribe = 訂閱

error-back = 回到總覽
error-malformed-title = 沒看懂
error-malformed-text = 這個網址收到了意料之外的請求。
error-foreign-title = 來自別處的表單
error-foreign-text = 這個表單來自不屬於這裡的頁面，請使用我們自己的頁面。
error-private-title = 不對外開放
error-private-text = 這個網址只回應運行網站的機器。
error-not-found-title = 這裡什麼都沒有
error-not-found-text = 這個網址沒有頁面。
error-gone-title = 已不存在
error-gone-text = 這個訂閱源已經結束：網站上不再有這個名稱下的文章。其他訂閱源請見總覽頁。
error-method-title = 不能這樣用
error-method-text = 這個網址不支援這種請求。
error-slow-title = 太慢了
error-slow-text = 表單沒有及時送達，請再試一次。
error-large-title = 太多了
error-large-text = 送來的內容超過了這裡任何表單的大小。
error-many-title = 請求太多
error-many-text = 您所在的網路短時間內請求過多，請一小時後再試。
error-internal-title = 是我們的問題
error-internal-text = 這裡出了點問題，已經記錄下來。請稍後再試。

## 郵件

subject = { $more ->
    [0] { $title }
   *[other] { $title }，另有 { $more } 篇
}
summary = { $count } 篇新文章 · 約 { $minutes } 分鐘讀完
minutes = { $count } 分鐘
view-on-web = 在瀏覽器中檢視
read-on = 前往「{ $site }」閱讀
read-post = 閱讀《{ $title }》
read-rest = 前往「{ $site }」閱讀其餘內容
film = 影片：{ $name }
sound = 音訊：{ $name }
more = 「{ $site }」上還有 { $count } 篇
footer-why = 您收到這封郵件，是因為您訂閱並確認了「{ $site }」的《{ $title }》。
footer-why-same = 您收到這封郵件，是因為您訂閱並確認了《{ $title }》。
footer-address = 收件地址：{ $address }
footer-preferences = 變更訂閱
footer-unsubscribe = 取消訂閱
confirmation-subject = 請確認訂閱《{ $title }》
confirmation-title = 要用郵件接收《{ $title }》嗎？
confirmation-asked = 有人（多半是您）在 { $site } 上要求把《{ $title }》寄到這個地址。按一下按鈕，從下一期起就會寄給您。
confirmation-button = 確認訂閱
confirmation-link = 如果按鈕無法使用，請開啟這個網址：
confirmation-ignore = 如果不是您本人的操作，請忽略這封郵件，我們不會再寄來。

## 示範

demo-mails-title = 郵件
demo-mails-lead = 這就是三位讀者會收到的郵件。沒有任何東西離開這台電腦。
demo-mails-empty = 還沒有寫出郵件。
demo-mails-folder = 檔案在 { $folder }
demo-mail-from = 寄件人
demo-mail-to = 收件人
demo-mail-date = 時間
demo-mail-text = 純文字部分
demo-mail-source = 郵件原文（.eml）
demo-mail-back = 全部郵件
