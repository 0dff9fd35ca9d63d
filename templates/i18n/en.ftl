# What Postrider says itself, in English. Every language has the same keys; a test compares them.

## Dates. Given: day, month (in words), number (of the month), year, weekday, time.

date-long = { $day } { $month } { $year }
date-short = { $day } { $month }
date-time = { $weekday }, { $day } { $month } { $year }, { $time }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
month-short-1 = Jan
month-short-2 = Feb
month-short-3 = Mar
month-short-4 = Apr
month-short-5 = May
month-short-6 = Jun
month-short-7 = Jul
month-short-8 = Aug
month-short-9 = Sep
month-short-10 = Oct
month-short-11 = Nov
month-short-12 = Dec
weekday-1 = Monday
weekday-2 = Tuesday
weekday-3 = Wednesday
weekday-4 = Thursday
weekday-5 = Friday
weekday-6 = Saturday
weekday-7 = Sunday

## Pages. Given: what each message names.

language-name = English
list-separator = {", "}
skip-to-content = Skip to the content
languages = Languages
powered-by = Sent and published with Postrider
nav-home = Overview
nav-feeds = Feeds
nav-subscribe = Subscribe

when-published = as soon as something is published
when-daily = every day at { $time } ({ $zone })
when-weekly = every { $days } at { $time } ({ $zone })
when-monthly = on day { $days } of each month at { $time } ({ $zone })
when-next = next on { $date }

home-lead = New posts come to you: by mail, or in a feed reader.
home-to-site = Go to the site
home-mail = By mail
home-mail-button = Subscribe by mail
home-mail-archive = Past issues
home-feeds = In a feed reader
home-feeds-text = Put one of these addresses into your feed reader. Each has the full posts.
home-feeds-all =
    { $count ->
        [one] The one feed
       *[other] All { $count } feeds
    }
home-empty = The site is being read for the first time. Come back in a moment.

feeds-title = Feeds
feeds-lead = A feed tells your reader what is new, without an account and without an address. Copy an address into a feed reader, or open it there.
feeds-choose = The three formats have the same posts. RSS is understood by every reader, Atom by nearly all, JSON Feed by newer ones.
feeds-all = Everything
feeds-language = By language
feeds-section = By section
feeds-category = By category
feeds-tag = By tag
feeds-author = By author
feeds-column-name = Name
feeds-column-posts = Posts
feeds-column-formats = Feeds
feeds-posts =
    { $count ->
        [one] { $count } post
       *[other] { $count } posts
    }
feeds-format-of = { $format } feed of { $title }
feeds-more = And { $count } more, with fewer posts: all are in the OPML file.
feeds-opml = All of them at once: OPML file
feeds-opml-text = Feed readers import it and subscribe to every feed.
feeds-copy = Copy
feeds-copied = Copied
feeds-copy-of = Copy the { $format } address
feeds-newest = The newest posts in it
feeds-site = For the site’s own pages
feeds-site-text = Is this your site? With these lines in the head of its pages, browsers and feed readers find the feeds by themselves.

subscribe-title = Subscribe by mail
subscribe-lead = Say where to, and look into your mailbox: nothing is sent before you confirmed.
subscribe-choose = What would you like to get?
subscribe-this = You will get
subscribe-address = Your e-mail address
subscribe-address-hint = Used for these mails only. Every mail has a link to leave.
subscribe-trap = Leave this field empty
subscribe-button = Subscribe
subscribe-none = There is nothing to subscribe to by mail here. The feeds have everything.
subscribe-fault = That did not work yet
subscribe-fault-empty = Please say to which address.
subscribe-fault-address = This address cannot be used.
subscribe-fault-choose = Please choose at least one.
subscribe-fault-unknown = What was asked for does not exist here. Please choose again.
subscribe-fault-early = That was very quick. Please press the button once more.
subscribe-fault-late = The page was open for a long time. Please press the button once more.

subscribed-title = Look into your mailbox
subscribed-text = If this address can be subscribed, a mail with a link is on its way. Open it and press the button there: only then are you subscribed.
subscribed-late = Nothing after some minutes? Look into the spam folder. To one address we send one such mail a day.

confirm-title = Confirm your subscription
confirm-text = It is to come to { $address }.
confirm-button = Yes, subscribe me
confirm-not-me = If that was not you, close this page. Nothing is sent then.
confirm-done-title = You are subscribed
confirm-done-text = From now on it comes to { $address }.
confirm-already-title = Already confirmed
confirm-already-text = It comes to { $address }. There is nothing left to do.
confirm-expired-title = This link is too old
confirm-expired-text = Links for confirming hold for three days. Please subscribe again: you get a new one.
confirm-unsubscribed-title = You have left since
confirm-unsubscribed-text = This link was used, and later you unsubscribed. You are welcome to subscribe again.
confirm-unknown-title = This link is not known
confirm-unknown-text = Perhaps it was cut off. Open it from the mail again, or subscribe once more.

unsubscribe-title = Unsubscribe
unsubscribe-text = After this, { $address } gets no further mail of it.
unsubscribe-button = Unsubscribe
unsubscribe-done-title = You are unsubscribed
unsubscribe-done-text = { $address } gets no further mail of it.
unsubscribe-already-title = You are unsubscribed
unsubscribe-already-text = { $address } gets no mail of it. There is nothing left to do.
unsubscribe-where-title = The link is in your mail
unsubscribe-where-text = Every mail has, at its end, your own links to leave and to change what you get. Please open them there.
unsubscribe-unknown-title = This link is not known
unsubscribe-unknown-text = Perhaps it was cut off. Open it from the mail again. If the reader it belonged to is deleted, no mail goes there any more.

preferences-title = What you get
preferences-for = Mails to { $address }
preferences-link = See all that you get
preferences-saved = Saved.
preferences-choose = Choose what you would like to get
preferences-state-confirmed = you get it
preferences-state-unconfirmed = waits for your confirmation: the link is in your mailbox
preferences-state-unsubscribed = you do not get it
preferences-gone = is not sent any more
preferences-suppressed = Mails to this address came back or were refused, so nothing is sent there.
preferences-save = Save
preferences-leave = Leave everything
preferences-leave-text = No further mail at all.
preferences-empty = There is nothing.
preferences-unknown-title = This link is not known
preferences-unknown-text = Perhaps it was cut off. Open it from the mail again.

archive-title = Past issues
archive-empty = The first issue has not been sent yet.
archive-reader = the readers
archive-subscribe = Subscribe

error-back = Go to the overview
error-malformed-title = That was not understood
error-malformed-text = The request is not what this address expects.
error-foreign-title = Sent from somewhere else
error-foreign-text = This form was sent by a page that does not belong here. Please use ours.
error-private-title = Not for the public
error-private-text = This address answers the machines that run the site only.
error-not-found-title = Nothing here
error-not-found-text = There is no page at this address.
error-gone-title = No longer there
error-gone-text = This feed has ended: the site has nothing under this name any more. The overview leads to its other feeds.
error-method-title = Not this way
error-method-text = This address cannot be used like that.
error-slow-title = That took too long
error-slow-text = The form did not arrive in time. Please try again.
error-large-title = Too much
error-large-text = More was sent than any form here has.
error-many-title = Too many at once
error-many-text = There have been very many requests from your network. Please try again in an hour.
error-internal-title = Our fault
error-internal-text = Something went wrong here, and it has been noted. Please try again later.

## Mails

# Given: title of the first post, more: how many others.
subject = { $more ->
    [0] { $title }
   *[other] { $title } and { $more } more
}
summary = { $count ->
    [one] One new post
   *[other] { $count } new posts
} · { $minutes } min read
minutes = { $count } min read
view-on-web = View in your browser
read-on = Read on { $site }
read-post = Read “{ $title }”
read-rest = Read the rest on { $site }
film = Video: { $name }
sound = Audio: { $name }
more = { $count ->
    [one] One more post on { $site }
   *[other] { $count } more posts on { $site }
}
footer-why = You get this because you subscribed to { $title } on { $site } and confirmed it.
footer-why-same = You get this because you subscribed to { $title } and confirmed it.
footer-address = Sent to { $address }
footer-preferences = Change what you get
footer-unsubscribe = Unsubscribe
confirmation-subject = Please confirm: { $title }
confirmation-title = Do you want { $title } by mail?
confirmation-asked = Somebody, most likely you, asked on { $site } to send { $title } to this address. Press the button and it will come from the next issue on.
confirmation-button = Yes, subscribe me
confirmation-link = If the button does not work, open this address:
confirmation-ignore = If it was not you, ignore this mail. Nothing will be sent to you.

## The demo. Given: folder.

demo-mails-title = The mails
demo-mails-lead = This is what three readers would have got. Nothing has left this machine.
demo-mails-empty = No mail has been written yet.
demo-mails-folder = The files are in { $folder }
demo-mail-from = From
demo-mail-to = To
demo-mail-date = Sent
demo-mail-text = The plain text part
demo-mail-source = The message itself (.eml)
demo-mail-back = All mails
