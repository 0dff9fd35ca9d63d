# Was Postrider selbst sagt, auf Deutsch.

## Daten

date-long = { $day }. { $month } { $year }
date-short = { $day }. { $month }
date-time = { $weekday }, { $day }. { $month } { $year }, { $time } Uhr
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember
month-short-1 = Jan.
month-short-2 = Feb.
month-short-3 = März
month-short-4 = Apr.
month-short-5 = Mai
month-short-6 = Juni
month-short-7 = Juli
month-short-8 = Aug.
month-short-9 = Sept.
month-short-10 = Okt.
month-short-11 = Nov.
month-short-12 = Dez.
weekday-1 = Montag
weekday-2 = Dienstag
weekday-3 = Mittwoch
weekday-4 = Donnerstag
weekday-5 = Freitag
weekday-6 = Samstag
weekday-7 = Sonntag

## Seiten

language-name = Deutsch
list-separator = {", "}
skip-to-content = Zum Inhalt springen
languages = Sprachen
powered-by = Versandt und veröffentlicht mit Postrider
nav-home = Überblick
nav-feeds = Feeds
nav-subscribe = Abonnieren

when-published = sobald etwas erscheint
when-daily = täglich um { $time } Uhr ({ $zone })
when-weekly = jeden { $days } um { $time } Uhr ({ $zone })
when-monthly = monatlich am Tag { $days } um { $time } Uhr ({ $zone })
when-next = das nächste Mal am { $date }

home-lead = Neue Beiträge kommen zu Ihnen: per E-Mail oder in einem Feedreader.
home-to-site = Zur Website
home-mail = Per E-Mail
home-mail-button = Per E-Mail abonnieren
home-mail-archive = Frühere Ausgaben
home-feeds = Im Feedreader
home-feeds-text = Tragen Sie eine dieser Adressen in Ihren Feedreader ein. Jede enthält die vollständigen Beiträge.
home-feeds-all =
    { $count ->
        [one] Der eine Feed
       *[other] Alle { $count } Feeds
    }
home-empty = Die Website wird gerade zum ersten Mal gelesen. Bitte kommen Sie gleich noch einmal.

feeds-title = Feeds
feeds-lead = Ein Feed meldet Ihrem Reader, was neu ist, ohne Konto und ohne E-Mail-Adresse. Kopieren Sie eine Adresse in Ihren Feedreader oder öffnen Sie sie dort.
feeds-choose = Alle drei Formate enthalten dieselben Beiträge. RSS versteht jeder Reader, Atom fast jeder, JSON Feed verstehen die neueren.
feeds-all = Alles
feeds-language = Nach Sprache
feeds-section = Nach Rubrik
feeds-category = Nach Kategorie
feeds-tag = Nach Schlagwort
feeds-author = Nach Autor
feeds-column-name = Name
feeds-column-posts = Beiträge
feeds-column-formats = Feeds
feeds-posts =
    { $count ->
        [one] { $count } Beitrag
       *[other] { $count } Beiträge
    }
feeds-format-of = { $format }-Feed von { $title }
feeds-more = Dazu { $count } weitere mit weniger Beiträgen: alle stehen in der OPML-Datei.
feeds-opml = Alle auf einmal: OPML-Datei
feeds-opml-text = Feedreader importieren sie und abonnieren damit jeden Feed.
feeds-copy = Kopieren
feeds-copied = Kopiert
feeds-copy-of = { $format }-Adresse kopieren
feeds-newest = Die neuesten Beiträge darin
feeds-site = Für die Seiten der Website
feeds-site-text = Ist das Ihre Website? Mit diesen Zeilen im Kopf ihrer Seiten finden Browser und Feedreader die Feeds von selbst.

subscribe-title = Per E-Mail abonnieren
subscribe-lead = Sagen Sie uns, wohin, und sehen Sie in Ihr Postfach: Vor Ihrer Bestätigung wird nichts versandt.
subscribe-choose = Was möchten Sie bekommen?
subscribe-this = Sie bekommen
subscribe-address = Ihre E-Mail-Adresse
subscribe-address-hint = Nur für diese E-Mails. Jede enthält einen Link zum Abbestellen.
subscribe-trap = Dieses Feld bitte leer lassen
subscribe-button = Abonnieren
subscribe-none = Hier gibt es nichts per E-Mail zu abonnieren. Die Feeds enthalten alles.
subscribe-fault = Das hat noch nicht geklappt
subscribe-fault-empty = Bitte geben Sie Ihre Adresse an.
subscribe-fault-address = Diese Adresse kann nicht verwendet werden.
subscribe-fault-choose = Bitte wählen Sie mindestens eines aus.
subscribe-fault-unknown = Was Sie ausgewählt haben, gibt es hier nicht. Bitte wählen Sie noch einmal.
subscribe-fault-early = Das ging sehr schnell. Bitte drücken Sie den Knopf noch einmal.
subscribe-fault-late = Die Seite war lange offen. Bitte drücken Sie den Knopf noch einmal.

subscribed-title = Sehen Sie in Ihr Postfach
subscribed-text = Wenn sich diese Adresse anmelden lässt, ist eine E-Mail mit einem Link unterwegs. Öffnen Sie ihn und drücken Sie dort den Knopf: Erst dann sind Sie angemeldet.
subscribed-late = Nach einigen Minuten noch nichts? Sehen Sie im Spam-Ordner nach. An eine Adresse senden wir höchstens eine solche E-Mail am Tag.

confirm-title = Abonnement bestätigen
confirm-text = Es geht an { $address }.
confirm-button = Ja, abonnieren
confirm-not-me = Wenn Sie das nicht waren, schließen Sie diese Seite. Dann wird nichts versandt.
confirm-done-title = Sie sind angemeldet
confirm-done-text = Von jetzt an geht es an { $address }.
confirm-already-title = Schon bestätigt
confirm-already-text = Es geht an { $address }. Mehr ist nicht zu tun.
confirm-expired-title = Dieser Link ist zu alt
confirm-expired-text = Links zum Bestätigen gelten drei Tage. Bitte melden Sie sich noch einmal an: Sie bekommen einen neuen.
confirm-unsubscribed-title = Sie haben sich inzwischen abgemeldet
confirm-unsubscribed-text = Dieser Link wurde benutzt, und später haben Sie sich abgemeldet. Sie können sich jederzeit wieder anmelden.
confirm-unknown-title = Diesen Link kennen wir nicht
confirm-unknown-text = Vielleicht wurde er abgeschnitten. Öffnen Sie ihn noch einmal aus der E-Mail, oder melden Sie sich neu an.

unsubscribe-title = Abbestellen
unsubscribe-text = Danach bekommt { $address } keine weitere E-Mail davon.
unsubscribe-button = Abbestellen
unsubscribe-done-title = Sie sind abgemeldet
unsubscribe-done-text = { $address } bekommt keine weitere E-Mail davon.
unsubscribe-already-title = Sie sind abgemeldet
unsubscribe-already-text = { $address } bekommt keine E-Mail davon. Mehr ist nicht zu tun.
unsubscribe-where-title = Der Link steht in Ihrer E-Mail
unsubscribe-where-text = Am Ende jeder E-Mail stehen Ihre eigenen Links zum Abbestellen und Ändern. Bitte öffnen Sie sie dort.
unsubscribe-unknown-title = Diesen Link kennen wir nicht
unsubscribe-unknown-text = Vielleicht wurde er abgeschnitten. Öffnen Sie ihn noch einmal aus der E-Mail. Ist die Person, zu der er gehörte, gelöscht, so geht keine E-Mail mehr dorthin.

preferences-title = Was Sie bekommen
preferences-for = E-Mails an { $address }
preferences-link = Alles sehen, was Sie bekommen
preferences-saved = Gespeichert.
preferences-choose = Wählen Sie, was Sie bekommen möchten
preferences-state-confirmed = Sie bekommen es
preferences-state-unconfirmed = wartet auf Ihre Bestätigung: der Link liegt in Ihrem Postfach
preferences-state-unsubscribed = Sie bekommen es nicht
preferences-gone = wird nicht mehr versandt
preferences-suppressed = E-Mails an diese Adresse kamen zurück oder wurden abgelehnt, darum geht nichts mehr dorthin.
preferences-save = Speichern
preferences-leave = Alles abbestellen
preferences-leave-text = Keine einzige E-Mail mehr.
preferences-empty = Hier ist nichts.
preferences-unknown-title = Diesen Link kennen wir nicht
preferences-unknown-text = Vielleicht wurde er abgeschnitten. Öffnen Sie ihn noch einmal aus der E-Mail.

archive-title = Frühere Ausgaben
archive-empty = Die erste Ausgabe ist noch nicht versandt.
archive-reader = die Leserinnen und Leser
archive-subscribe = Abonnieren

error-back = Zum Überblick
error-malformed-title = Das haben wir nicht verstanden
error-malformed-text = Die Anfrage ist nicht das, was diese Adresse erwartet.
error-foreign-title = Von woanders abgeschickt
error-foreign-text = Dieses Formular kam von einer Seite, die nicht hierher gehört. Bitte benutzen Sie unsere.
error-private-title = Nicht öffentlich
error-private-text = Diese Adresse antwortet nur den Rechnern, die die Website betreiben.
error-not-found-title = Hier ist nichts
error-not-found-text = Unter dieser Adresse gibt es keine Seite.
error-gone-title = Nicht mehr da
error-gone-text = Dieser Feed ist zu Ende: Die Website hat nichts mehr unter diesem Namen. Der Überblick führt zu ihren anderen Feeds.
error-method-title = So nicht
error-method-text = Diese Adresse lässt sich so nicht benutzen.
error-slow-title = Das hat zu lange gedauert
error-slow-text = Das Formular kam nicht rechtzeitig an. Bitte versuchen Sie es noch einmal.
error-large-title = Zu viel
error-large-text = Es wurde mehr geschickt, als in ein Formular hier passt.
error-many-title = Zu viele auf einmal
error-many-text = Aus Ihrem Netz kamen sehr viele Anfragen. Bitte versuchen Sie es in einer Stunde noch einmal.
error-internal-title = Unser Fehler
error-internal-text = Hier ist etwas schiefgegangen; es ist vermerkt. Bitte versuchen Sie es später noch einmal.

## E-Mails

subject = { $more ->
    [0] { $title }
   *[other] { $title } und { $more } weitere
}
summary = { $count ->
    [one] Ein neuer Beitrag
   *[other] { $count } neue Beiträge
} · { $minutes } Min. Lesezeit
minutes = { $count } Min. Lesezeit
view-on-web = Im Browser ansehen
read-on = Weiterlesen auf { $site }
read-post = „{ $title }“ lesen
read-rest = Den Rest lesen auf { $site }
film = Video: { $name }
sound = Audio: { $name }
more = { $count ->
    [one] Ein weiterer Beitrag auf { $site }
   *[other] { $count } weitere Beiträge auf { $site }
}
footer-why = Sie bekommen diese E-Mail, weil Sie { $title } von { $site } abonniert und das bestätigt haben.
footer-why-same = Sie bekommen diese E-Mail, weil Sie { $title } abonniert und das bestätigt haben.
footer-address = Gesendet an { $address }
footer-preferences = Ändern, was Sie bekommen
footer-unsubscribe = Abbestellen
confirmation-subject = Bitte bestätigen: { $title }
confirmation-title = Möchten Sie { $title } per E-Mail?
confirmation-asked = Jemand, wahrscheinlich Sie selbst, hat auf { $site } darum gebeten, { $title } an diese Adresse zu senden. Drücken Sie den Knopf, und es kommt von der nächsten Ausgabe an.
confirmation-button = Ja, abonnieren
confirmation-link = Wenn der Knopf nicht geht, öffnen Sie diese Adresse:
confirmation-ignore = Wenn Sie das nicht waren, beachten Sie diese E-Mail nicht. Es wird Ihnen nichts gesandt.

## Die Vorführung

demo-mails-title = Die E-Mails
demo-mails-lead = Das hätten drei Leser bekommen. Nichts hat diesen Rechner verlassen.
demo-mails-empty = Es wurde noch keine E-Mail geschrieben.
demo-mails-folder = Die Dateien liegen in { $folder }
demo-mail-from = Von
demo-mail-to = An
demo-mail-date = Gesandt
demo-mail-text = Der reine Text
demo-mail-source = Die Nachricht selbst (.eml)
demo-mail-back = Alle E-Mails
