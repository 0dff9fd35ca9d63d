# Postrider 自己说的话，简体中文。

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

## 网页

language-name = 简体中文
list-separator = 、
skip-to-content = 跳到正文
languages = 语言
powered-by = 由 Postrider 发布与投递
nav-home = 概览
nav-feeds = 订阅源
nav-subscribe = 邮件订阅

when-published = 有新文章时随时发送
when-daily = 每天 { $time }（{ $zone }）
when-weekly = 每{ $days } { $time }（{ $zone }）
when-monthly = 每月 { $days } 日 { $time }（{ $zone }）
when-next = 下一期：{ $date }

home-lead = 新文章会自己来找您：发到邮箱，或出现在阅读器里。
home-to-site = 访问网站
home-mail = 邮件
home-mail-button = 用邮件订阅
home-mail-archive = 往期
home-feeds = 阅读器
home-feeds-text = 把下面任意一个地址放进您的阅读器，里面是文章全文。
home-feeds-all = 全部 { $count } 个订阅源
home-empty = 正在第一次读取网站内容，请稍后再来。

feeds-title = 订阅源
feeds-lead = 订阅源把新文章告诉您的阅读器，不需要账号，也不需要邮箱。把地址复制到阅读器里，或者直接用阅读器打开。
feeds-choose = 三种格式内容相同：RSS 所有阅读器都支持，Atom 几乎都支持，JSON Feed 较新的阅读器支持。
feeds-all = 全部文章
feeds-language = 按语言
feeds-section = 按栏目
feeds-category = 按分类
feeds-tag = 按标签
feeds-author = 按作者
feeds-column-name = 名称
feeds-column-posts = 文章数
feeds-column-formats = 订阅源
feeds-posts = { $count } 篇
feeds-format-of = 《{ $title }》的 { $format }
feeds-more = 另有 { $count } 个文章较少的，都在 OPML 文件里。
feeds-opml = 一次全部导入：OPML 文件
feeds-opml-text = 阅读器导入这个文件，就会订阅全部订阅源。
feeds-copy = 复制
feeds-copied = 已复制
feeds-copy-of = 复制 { $format } 地址
feeds-newest = 最新文章
feeds-site = 写进网站的页面
feeds-site-text = 如果这是您的网站：把这几行放进页面的 head 里，浏览器和阅读器就能自己找到订阅源。

subscribe-title = 用邮件订阅
subscribe-lead = 填好邮箱，再去收件箱看一眼：在您确认之前，不会寄出任何一期。
subscribe-choose = 您想收到什么？
subscribe-this = 您将收到
subscribe-address = 您的邮箱地址
subscribe-address-hint = 只用来寄送这些邮件。每封邮件里都有退订链接。
subscribe-trap = 请不要填写这一栏
subscribe-button = 订阅
subscribe-none = 这里没有可以用邮件订阅的内容，订阅源里什么都有。
subscribe-fault = 还差一步
subscribe-fault-empty = 请填写邮箱地址。
subscribe-fault-address = 这个地址无法使用。
subscribe-fault-choose = 请至少选择一项。
subscribe-fault-unknown = 这里没有您要订阅的内容，请重新选择。
subscribe-fault-early = 太快了，请再按一次按钮。
subscribe-fault-late = 页面打开太久了，请再按一次按钮。

subscribed-title = 请查看您的邮箱
subscribed-text = 如果这个地址可以订阅，一封带链接的邮件已经在路上。打开链接并按下按钮，订阅才算完成。
subscribed-late = 几分钟后还没收到？请看看垃圾邮件文件夹。同一个地址一天只会收到一封确认邮件。

confirm-title = 确认订阅
confirm-text = 确认后会寄到 { $address }。
confirm-button = 是的，我要订阅
confirm-not-me = 如果不是您本人，关掉这个页面就好，什么都不会寄出。
confirm-done-title = 订阅成功
confirm-done-text = 从现在起会寄到 { $address }。
confirm-already-title = 已经确认过了
confirm-already-text = 邮件会寄到 { $address }，不用再做什么。
confirm-expired-title = 链接已过期
confirm-expired-text = 确认链接三天内有效。请重新订阅，会收到新的链接。
confirm-unsubscribed-title = 您已经退订
confirm-unsubscribed-text = 这个链接用过，之后您又退订了。欢迎随时重新订阅。
confirm-unknown-title = 无法识别的链接
confirm-unknown-text = 链接可能被截断了。请从邮件里重新打开，或者重新订阅。

unsubscribe-title = 退订
unsubscribe-text = 退订后不再寄到 { $address }。
unsubscribe-button = 退订
unsubscribe-done-title = 已退订
unsubscribe-done-text = 不会再寄到 { $address }。
unsubscribe-already-title = 已退订
unsubscribe-already-text = 不会寄到 { $address }，不用再做什么。
unsubscribe-where-title = 链接在您的邮件里
unsubscribe-where-text = 每封邮件的末尾都有专属于您的退订链接和设置链接，请从邮件里打开。
unsubscribe-unknown-title = 无法识别的链接
unsubscribe-unknown-text = 链接可能被截断了，请从邮件里重新打开。如果对应的读者已经删除，就不会再寄出任何邮件。

preferences-title = 您的订阅
preferences-for = 寄到 { $address } 的邮件
preferences-link = 查看您的全部订阅
preferences-saved = 已保存。
preferences-choose = 选择想收到的内容
preferences-state-confirmed = 已订阅
preferences-state-unconfirmed = 等待确认：链接在您的邮箱里
preferences-state-unsubscribed = 未订阅
preferences-gone = 已停止发送
preferences-suppressed = 寄到这个地址的邮件曾被退回或拒收，所以不再寄送。
preferences-save = 保存
preferences-leave = 全部退订
preferences-leave-text = 不再寄出任何邮件。
preferences-empty = 这里什么都没有。
preferences-unknown-title = 无法识别的链接
preferences-unknown-text = 链接可能被截断了，请从邮件里重新打开。

archive-title = 往期
archive-empty = 第一期还没有寄出。
archive-reader = 读者
archive-subscribe = 订阅

error-back = 回到概览
error-malformed-title = 没看懂
error-malformed-text = 这个地址收到了意料之外的请求。
error-foreign-title = 来自别处的表单
error-foreign-text = 这个表单来自不属于这里的页面，请使用我们自己的页面。
error-private-title = 不对外开放
error-private-text = 这个地址只回应运行网站的机器。
error-not-found-title = 这里什么都没有
error-not-found-text = 没有这个地址的页面。
error-gone-title = 已不存在
error-gone-text = 这个订阅源已经结束：网站上不再有这个名称下的文章。其他订阅源请见概览页。
error-method-title = 不能这样用
error-method-text = 这个地址不支持这种请求。
error-slow-title = 太慢了
error-slow-text = 表单没有及时送达，请再试一次。
error-large-title = 太多了
error-large-text = 送来的内容超过了这里任何表单的大小。
error-many-title = 请求太多
error-many-text = 您所在的网络短时间内请求过多，请一小时后再试。
error-internal-title = 是我们的问题
error-internal-text = 这里出了点问题，已经记录下来。请稍后再试。

## 邮件

subject = { $more ->
    [0] { $title }
   *[other] { $title }，另有 { $more } 篇
}
summary = { $count } 篇新文章 · 约 { $minutes } 分钟读完
minutes = { $count } 分钟
view-on-web = 在浏览器中查看
read-on = 前往「{ $site }」阅读
read-post = 阅读《{ $title }》
read-rest = 前往「{ $site }」阅读其余内容
film = 视频：{ $name }
sound = 音频：{ $name }
more = 「{ $site }」上还有 { $count } 篇
footer-why = 您收到这封邮件，是因为您订阅并确认了「{ $site }」的《{ $title }》。
footer-why-same = 您收到这封邮件，是因为您订阅并确认了《{ $title }》。
footer-address = 收件地址：{ $address }
footer-preferences = 更改订阅
footer-unsubscribe = 退订
confirmation-subject = 请确认订阅《{ $title }》
confirmation-title = 要用邮件接收《{ $title }》吗？
confirmation-asked = 有人（多半是您）在「{ $site }」上请求把《{ $title }》发到这个地址。点一下按钮，从下一期起就会寄给您。
confirmation-button = 确认订阅
confirmation-link = 如果按钮点不动，请打开这个地址：
confirmation-ignore = 如果不是您本人的操作，请忽略这封邮件，我们不会再寄来。

## 演示。给出：folder。

demo-mails-title = 邮件
demo-mails-lead = 这就是三位读者会收到的邮件。没有任何东西离开这台机器。
demo-mails-empty = 还没有写出邮件。
demo-mails-folder = 文件在 { $folder }
demo-mail-from = 发件人
demo-mail-to = 收件人
demo-mail-date = 时间
demo-mail-text = 纯文本部分
demo-mail-source = 邮件原文（.eml）
demo-mail-back = 全部邮件
