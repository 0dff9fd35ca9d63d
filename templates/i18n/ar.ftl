# ما يقوله Postrider نفسه، بالعربية.

## التواريخ

date-long = { $day } { $month } { $year }
date-short = { $day } { $month }
date-time = { $weekday } { $day } { $month } { $year }، الساعة { $time }
month-1 = يناير
month-2 = فبراير
month-3 = مارس
month-4 = أبريل
month-5 = مايو
month-6 = يونيو
month-7 = يوليو
month-8 = أغسطس
month-9 = سبتمبر
month-10 = أكتوبر
month-11 = نوفمبر
month-12 = ديسمبر
month-short-1 = يناير
month-short-2 = فبراير
month-short-3 = مارس
month-short-4 = أبريل
month-short-5 = مايو
month-short-6 = يونيو
month-short-7 = يوليو
month-short-8 = أغسطس
month-short-9 = سبتمبر
month-short-10 = أكتوبر
month-short-11 = نوفمبر
month-short-12 = ديسمبر
weekday-1 = الاثنين
weekday-2 = الثلاثاء
weekday-3 = الأربعاء
weekday-4 = الخميس
weekday-5 = الجمعة
weekday-6 = السبت
weekday-7 = الأحد

## الصفحات

language-name = العربية
list-separator = {"، "}
skip-to-content = انتقل إلى المحتوى
languages = اللغات
powered-by = يُرسَل ويُنشَر بواسطة Postrider
nav-home = نظرة عامة
nav-feeds = الخلاصات
nav-subscribe = الاشتراك

when-published = فور نشر أي جديد
when-daily = كل يوم الساعة { $time } ({ $zone })
when-weekly = كل { $days } الساعة { $time } ({ $zone })
when-monthly = في اليوم { $days } من كل شهر الساعة { $time } ({ $zone })
when-next = الموعد القادم: { $date }

home-lead = المقالات الجديدة تصل إليك: بالبريد أو في قارئ الخلاصات.
home-to-site = اذهب إلى الموقع
home-mail = بالبريد الإلكتروني
home-mail-button = اشترك بالبريد الإلكتروني
home-mail-archive = الأعداد السابقة
home-feeds = في قارئ الخلاصات
home-feeds-text = ضع أحد هذه العناوين في قارئ الخلاصات لديك. كل منها يحوي المقالات كاملة.
home-feeds-all =
    { $count ->
        [one] الخلاصة الوحيدة
        [two] كلتا الخلاصتين
        [few] كل الخلاصات: { $count } خلاصات
        [many] كل الخلاصات: { $count } خلاصة
       *[other] كل الخلاصات: { $count } خلاصة
    }
home-empty = يُقرأ الموقع الآن لأول مرة. عد بعد لحظات.

feeds-title = الخلاصات
feeds-lead = الخلاصة تُعلم قارئك بالجديد، من غير حساب ومن غير عنوان بريد. انسخ عنوانًا إلى قارئ الخلاصات أو افتحه فيه.
feeds-choose = الصيغ الثلاث تحوي المقالات نفسها. RSS يفهمها كل قارئ، وAtom يفهمها أغلبهم، وJSON Feed تفهمها البرامج الأحدث.
feeds-all = الكل
feeds-language = حسب اللغة
feeds-section = حسب القسم
feeds-category = حسب التصنيف
feeds-tag = حسب الوسم
feeds-author = حسب الكاتب
feeds-column-name = الاسم
feeds-column-posts = المقالات
feeds-column-formats = الخلاصات
feeds-posts =
    { $count ->
        [zero] لا مقالات
        [one] مقالة واحدة
        [two] مقالتان
        [few] { $count } مقالات
        [many] { $count } مقالة
       *[other] { $count } مقالة
    }
feeds-format-of = خلاصة { $format } من { $title }
feeds-more = وهناك { $count } غيرها مقالاتها أقل: كلها في ملف OPML.
feeds-opml = كلها دفعة واحدة: ملف OPML
feeds-opml-text = يستورده قارئ الخلاصات فيشترك فيها جميعًا.
feeds-copy = نسخ
feeds-copied = نُسخ
feeds-copy-of = نسخ عنوان { $format }
feeds-newest = أحدث المقالات فيها
feeds-site = لصفحات الموقع نفسه
feeds-site-text = أهذا موقعك؟ ضع هذه الأسطر في رأس صفحاته فتجد المتصفحات وقارئات الخلاصات الخلاصات من تلقاء نفسها.

subscribe-title = الاشتراك بالبريد الإلكتروني
subscribe-lead = اكتب عنوانك ثم انظر في صندوق بريدك: لا يُرسَل شيء قبل أن تؤكد.
subscribe-choose = ماذا تود أن يصلك؟
subscribe-this = سيصلك
subscribe-address = عنوان بريدك الإلكتروني
subscribe-address-hint = يُستعمل لهذه الرسائل وحدها. في كل رسالة رابط لإلغاء الاشتراك.
subscribe-trap = اترك هذه الخانة فارغة
subscribe-button = اشترك
subscribe-none = لا شيء هنا يمكن الاشتراك فيه بالبريد. الخلاصات فيها كل شيء.
subscribe-fault = لم يكتمل الأمر بعد
subscribe-fault-empty = اكتب عنوان البريد من فضلك.
subscribe-fault-address = لا يمكن استعمال هذا العنوان.
subscribe-fault-choose = اختر واحدًا على الأقل من فضلك.
subscribe-fault-unknown = ما طلبته غير موجود هنا. اختر مرة أخرى من فضلك.
subscribe-fault-early = كان ذلك سريعًا جدًا. اضغط الزر مرة أخرى من فضلك.
subscribe-fault-late = بقيت الصفحة مفتوحة طويلًا. اضغط الزر مرة أخرى من فضلك.

subscribed-title = انظر في صندوق بريدك
subscribed-text = إن كان هذا العنوان يقبل الاشتراك فهناك رسالة فيها رابط في الطريق إليك. افتح الرابط واضغط الزر هناك: عندها فقط يتم اشتراكك.
subscribed-late = لم يصل شيء بعد دقائق؟ انظر في مجلد الرسائل غير المرغوبة. لا نرسل إلى العنوان الواحد إلا رسالة واحدة من هذا النوع في اليوم.

confirm-title = أكّد اشتراكك
confirm-text = سيُرسَل إلى { $address }.
confirm-button = نعم، أريد الاشتراك
confirm-not-me = إن لم تكن أنت من طلب ذلك فأغلق هذه الصفحة. لن يُرسَل شيء.
confirm-done-title = تم اشتراكك
confirm-done-text = من الآن يُرسَل إلى { $address }.
confirm-already-title = تم التأكيد من قبل
confirm-already-text = يُرسَل إلى { $address }. لا شيء آخر عليك فعله.
confirm-expired-title = هذا الرابط قديم
confirm-expired-text = روابط التأكيد صالحة ثلاثة أيام. اشترك مرة أخرى ليصلك رابط جديد.
confirm-unsubscribed-title = ألغيت اشتراكك بعد ذلك
confirm-unsubscribed-text = استُعمل هذا الرابط ثم ألغيت الاشتراك. يمكنك أن تشترك من جديد متى شئت.
confirm-unknown-title = هذا الرابط غير معروف
confirm-unknown-text = لعله قُطع. افتحه من الرسالة مرة أخرى، أو اشترك من جديد.

unsubscribe-title = إلغاء الاشتراك
unsubscribe-text = بعد ذلك لا تصل إلى { $address } أي رسالة منه.
unsubscribe-button = ألغِ الاشتراك
unsubscribe-done-title = أُلغي اشتراكك
unsubscribe-done-text = لن تصل إلى { $address } أي رسالة منه.
unsubscribe-already-title = أُلغي اشتراكك
unsubscribe-already-text = لا تصل إلى { $address } أي رسالة منه. لا شيء آخر عليك فعله.
unsubscribe-where-title = الرابط في رسالتك
unsubscribe-where-text = في آخر كل رسالة روابطك الخاصة لإلغاء الاشتراك ولتغيير ما يصلك. افتحها من هناك من فضلك.
unsubscribe-unknown-title = هذا الرابط غير معروف
unsubscribe-unknown-text = لعله قُطع. افتحه من الرسالة مرة أخرى. وإن كان القارئ الذي يخصه قد حُذف فلن تصل إليه أي رسالة.

preferences-title = ما يصلك
preferences-for = الرسائل إلى { $address }
preferences-link = انظر كل ما يصلك
preferences-saved = تم الحفظ.
preferences-choose = اختر ما تود أن يصلك
preferences-state-confirmed = يصلك
preferences-state-unconfirmed = ينتظر تأكيدك: الرابط في صندوق بريدك
preferences-state-unsubscribed = لا يصلك
preferences-gone = لم يعد يُرسَل
preferences-suppressed = عادت الرسائل إلى هذا العنوان أو رُفضت، فلا يُرسَل إليه شيء.
preferences-save = احفظ
preferences-leave = ألغِ كل شيء
preferences-leave-text = لا رسائل بعد الآن أبدًا.
preferences-empty = لا شيء هنا.
preferences-unknown-title = هذا الرابط غير معروف
preferences-unknown-text = لعله قُطع. افتحه من الرسالة مرة أخرى.

archive-title = الأعداد السابقة
archive-empty = لم يُرسَل العدد الأول بعد.
archive-reader = القراء
archive-subscribe = اشترك

error-back = اذهب إلى النظرة العامة
error-malformed-title = لم نفهم ذلك
error-malformed-text = الطلب ليس ما يتوقعه هذا العنوان.
error-foreign-title = أُرسل من مكان آخر
error-foreign-text = أُرسل هذا النموذج من صفحة لا تنتمي إلى هنا. استعمل صفحاتنا من فضلك.
error-private-title = غير متاح للعموم
error-private-text = هذا العنوان يجيب الأجهزة التي تدير الموقع وحدها.
error-not-found-title = لا شيء هنا
error-not-found-text = لا توجد صفحة بهذا العنوان.
error-gone-title = لم يعد موجودًا
error-gone-text = انتهت هذه الخلاصة: لم يعد في الموقع شيء بهذا الاسم. تقودك النظرة العامة إلى خلاصاته الأخرى.
error-method-title = ليس بهذه الطريقة
error-method-text = لا يمكن استعمال هذا العنوان هكذا.
error-slow-title = استغرق ذلك وقتًا طويلًا
error-slow-text = لم يصل النموذج في الوقت المناسب. حاول مرة أخرى من فضلك.
error-large-title = أكثر من اللازم
error-large-text = أُرسل أكثر مما يتسع له أي نموذج هنا.
error-many-title = طلبات كثيرة دفعة واحدة
error-many-text = جاءت من شبكتك طلبات كثيرة جدًا. حاول مرة أخرى بعد ساعة من فضلك.
error-internal-title = الخطأ من جانبنا
error-internal-text = حدث خلل هنا وقد سُجّل. حاول لاحقًا من فضلك.

## الرسائل

subject = { $more ->
    [0] { $title }
    [one] { $title } ومقالة أخرى
    [two] { $title } ومقالتان أخريان
    [few] { $title } و{ $more } مقالات أخرى
   *[other] { $title } و{ $more } مقالة أخرى
}
summary = { $count ->
    [one] مقالة جديدة واحدة
    [two] مقالتان جديدتان
    [few] { $count } مقالات جديدة
   *[other] { $count } مقالة جديدة
} · { $minutes ->
    [one] دقيقة واحدة للقراءة
    [two] دقيقتان للقراءة
    [few] { $minutes } دقائق للقراءة
   *[other] { $minutes } دقيقة للقراءة
}
minutes = { $count ->
    [one] دقيقة واحدة للقراءة
    [two] دقيقتان للقراءة
    [few] { $count } دقائق للقراءة
   *[other] { $count } دقيقة للقراءة
}
view-on-web = اعرضها في المتصفح
read-on = اقرأ على { $site }
read-post = اقرأ «{ $title }»
read-rest = اقرأ البقية على { $site }
film = فيديو: { $name }
sound = صوت: { $name }
more = { $count ->
    [one] مقالة أخرى على { $site }
    [two] مقالتان أخريان على { $site }
    [few] { $count } مقالات أخرى على { $site }
   *[other] { $count } مقالة أخرى على { $site }
}
footer-why = تصلك هذه الرسالة لأنك اشتركت في { $title } من { $site } وأكدت ذلك.
footer-why-same = تصلك هذه الرسالة لأنك اشتركت في { $title } وأكدت ذلك.
footer-address = أُرسلت إلى { $address }
footer-preferences = غيّر ما يصلك
footer-unsubscribe = ألغِ الاشتراك
confirmation-subject = أكّد من فضلك: { $title }
confirmation-title = هل تريد أن يصلك { $title } بالبريد؟
confirmation-asked = طلب أحدهم، وأغلب الظن أنه أنت، على { $site } أن يُرسَل { $title } إلى هذا العنوان. اضغط الزر وسيصلك ابتداءً من العدد القادم.
confirmation-button = نعم، أريد الاشتراك
confirmation-link = إن لم يعمل الزر فافتح هذا العنوان:
confirmation-ignore = إن لم تكن أنت من طلب ذلك فتجاهل هذه الرسالة. لن يُرسَل إليك شيء.

## العرض التجريبي

demo-mails-title = الرسائل
demo-mails-lead = هذا ما كان سيصل إلى ثلاثة قراء. لم يغادر شيء هذا الجهاز.
demo-mails-empty = لم تُكتب أي رسالة بعد.
demo-mails-folder = الملفات في { $folder }
demo-mail-from = من
demo-mail-to = إلى
demo-mail-date = أُرسلت
demo-mail-text = جزء النص العادي
demo-mail-source = الرسالة نفسها (.eml)
demo-mail-back = كل الرسائل
