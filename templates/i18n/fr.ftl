# Ce que Postrider dit lui-même, en français.

## Dates

date-long = { $day } { $month } { $year }
date-short = { $day } { $month }
date-time = { $weekday } { $day } { $month } { $year } à { $time }
month-1 = janvier
month-2 = février
month-3 = mars
month-4 = avril
month-5 = mai
month-6 = juin
month-7 = juillet
month-8 = août
month-9 = septembre
month-10 = octobre
month-11 = novembre
month-12 = décembre
month-short-1 = janv.
month-short-2 = févr.
month-short-3 = mars
month-short-4 = avr.
month-short-5 = mai
month-short-6 = juin
month-short-7 = juil.
month-short-8 = août
month-short-9 = sept.
month-short-10 = oct.
month-short-11 = nov.
month-short-12 = déc.
weekday-1 = lundi
weekday-2 = mardi
weekday-3 = mercredi
weekday-4 = jeudi
weekday-5 = vendredi
weekday-6 = samedi
weekday-7 = dimanche

## Pages

language-name = Français
list-separator = {", "}
skip-to-content = Aller au contenu
languages = Langues
powered-by = Envoyé et publié avec Postrider
nav-home = Aperçu
nav-feeds = Flux
nav-subscribe = S’abonner

when-published = dès qu’un article paraît
when-daily = tous les jours à { $time } ({ $zone })
when-weekly = chaque { $days } à { $time } ({ $zone })
when-monthly = le { $days } de chaque mois à { $time } ({ $zone })
when-next = prochain envoi le { $date }

home-lead = Les nouveaux articles viennent à vous : par courriel ou dans un lecteur de flux.
home-to-site = Aller au site
home-mail = Par courriel
home-mail-button = S’abonner par courriel
home-mail-archive = Numéros précédents
home-feeds = Dans un lecteur de flux
home-feeds-text = Ajoutez l’une de ces adresses à votre lecteur de flux. Chacune contient les articles en entier.
home-feeds-all =
    { $count ->
        [one] Le seul flux
       *[other] Les { $count } flux
    }
home-empty = Le site est lu pour la première fois. Revenez dans un instant.

feeds-title = Flux
feeds-lead = Un flux signale à votre lecteur ce qui est nouveau, sans compte et sans adresse. Copiez une adresse dans un lecteur de flux, ou ouvrez-la depuis celui-ci.
feeds-choose = Les trois formats contiennent les mêmes articles. Tous les lecteurs comprennent RSS, presque tous Atom, les plus récents JSON Feed.
feeds-all = Tout
feeds-language = Par langue
feeds-section = Par rubrique
feeds-category = Par catégorie
feeds-tag = Par mot-clé
feeds-author = Par auteur
feeds-column-name = Nom
feeds-column-posts = Articles
feeds-column-formats = Flux
feeds-posts =
    { $count ->
        [one] { $count } article
       *[other] { $count } articles
    }
feeds-format-of = Flux { $format } de { $title }
feeds-more = Et { $count } autres, avec moins d’articles : tous sont dans le fichier OPML.
feeds-opml = Tous d’un coup : fichier OPML
feeds-opml-text = Les lecteurs de flux l’importent et s’abonnent à chaque flux.
feeds-copy = Copier
feeds-copied = Copié
feeds-copy-of = Copier l’adresse { $format }
feeds-newest = Les articles les plus récents
feeds-site = Pour les pages du site
feeds-site-text = Ce site est le vôtre ? Avec ces lignes dans l’en-tête de ses pages, navigateurs et lecteurs de flux trouvent les flux d’eux-mêmes.

subscribe-title = S’abonner par courriel
subscribe-lead = Dites-nous où écrire, puis regardez votre boîte de réception : rien n’est envoyé avant votre confirmation.
subscribe-choose = Que souhaitez-vous recevoir ?
subscribe-this = Vous recevrez
subscribe-address = Votre adresse électronique
subscribe-address-hint = Elle ne sert qu’à ces envois. Chaque courriel contient un lien de désabonnement.
subscribe-trap = Laissez ce champ vide
subscribe-button = S’abonner
subscribe-none = Il n’y a rien ici à recevoir par courriel. Les flux contiennent tout.
subscribe-fault = Il manque encore quelque chose
subscribe-fault-empty = Veuillez indiquer une adresse.
subscribe-fault-address = Cette adresse ne peut pas être utilisée.
subscribe-fault-choose = Veuillez choisir au moins une proposition.
subscribe-fault-unknown = Ce que vous avez demandé n’existe pas ici. Veuillez choisir à nouveau.
subscribe-fault-early = C’était très rapide. Veuillez appuyer encore une fois sur le bouton.
subscribe-fault-late = La page est restée ouverte longtemps. Veuillez appuyer encore une fois sur le bouton.

subscribed-title = Regardez votre boîte de réception
subscribed-text = Si cette adresse peut être abonnée, un courriel avec un lien est en route. Ouvrez-le et appuyez sur le bouton : votre abonnement ne commence qu’alors.
subscribed-late = Toujours rien après quelques minutes ? Regardez parmi les indésirables. Nous n’envoyons qu’un seul de ces courriels par jour à une même adresse.

confirm-title = Confirmer votre abonnement
confirm-text = Les envois iront à { $address }.
confirm-button = Oui, je m’abonne
confirm-not-me = Si ce n’était pas vous, fermez cette page. Rien ne sera envoyé.
confirm-done-title = Vous êtes abonné
confirm-done-text = Désormais, les envois vont à { $address }.
confirm-already-title = Déjà confirmé
confirm-already-text = Les envois vont à { $address }. Il n’y a plus rien à faire.
confirm-expired-title = Ce lien est trop ancien
confirm-expired-text = Les liens de confirmation valent trois jours. Abonnez-vous à nouveau : vous en recevrez un autre.
confirm-unsubscribed-title = Vous vous êtes désabonné depuis
confirm-unsubscribed-text = Ce lien a servi, puis vous vous êtes désabonné. Vous pouvez vous réabonner quand vous voulez.
confirm-unknown-title = Ce lien est inconnu
confirm-unknown-text = Il a peut-être été coupé. Ouvrez-le de nouveau depuis le courriel, ou abonnez-vous encore une fois.

unsubscribe-title = Se désabonner
unsubscribe-text = Ensuite, { $address } n’en recevra plus aucun courriel.
unsubscribe-button = Se désabonner
unsubscribe-done-title = Vous êtes désabonné
unsubscribe-done-text = { $address } n’en recevra plus aucun courriel.
unsubscribe-already-title = Vous êtes désabonné
unsubscribe-already-text = { $address } n’en reçoit aucun courriel. Il n’y a plus rien à faire.
unsubscribe-where-title = Le lien est dans votre courriel
unsubscribe-where-text = À la fin de chaque courriel se trouvent vos propres liens pour vous désabonner et pour changer ce que vous recevez. Veuillez les ouvrir depuis là.
unsubscribe-unknown-title = Ce lien est inconnu
unsubscribe-unknown-text = Il a peut-être été coupé. Ouvrez-le de nouveau depuis le courriel. Si l’abonné auquel il appartenait a été supprimé, plus aucun courriel n’y est envoyé.

preferences-title = Ce que vous recevez
preferences-for = Courriels à { $address }
preferences-link = Voir tout ce que vous recevez
preferences-saved = Enregistré.
preferences-choose = Choisissez ce que vous souhaitez recevoir
preferences-state-confirmed = vous le recevez
preferences-state-unconfirmed = attend votre confirmation : le lien est dans votre boîte de réception
preferences-state-unsubscribed = vous ne le recevez pas
preferences-gone = n’est plus envoyé
preferences-suppressed = Des courriels à cette adresse sont revenus ou ont été refusés : plus rien n’y est envoyé.
preferences-save = Enregistrer
preferences-leave = Tout arrêter
preferences-leave-text = Plus aucun courriel.
preferences-empty = Il n’y a rien.
preferences-unknown-title = Ce lien est inconnu
preferences-unknown-text = Il a peut-être été coupé. Ouvrez-le de nouveau depuis le courriel.

archive-title = Numéros précédents
archive-empty = Le premier numéro n’a pas encore été envoyé.
archive-reader = nos lecteurs
archive-subscribe = S’abonner

error-back = Aller à l’aperçu
error-malformed-title = Nous n’avons pas compris
error-malformed-text = La demande n’est pas celle que cette adresse attend.
error-foreign-title = Envoyé d’ailleurs
error-foreign-text = Ce formulaire vient d’une page étrangère à ce site. Veuillez utiliser les nôtres.
error-private-title = Réservé
error-private-text = Cette adresse ne répond qu’aux machines qui font fonctionner le site.
error-not-found-title = Il n’y a rien ici
error-not-found-text = Aucune page ne se trouve à cette adresse.
error-gone-title = Ce flux n’existe plus
error-gone-text = Ce flux est terminé : le site n’a plus rien sous ce nom. L’aperçu mène à ses autres flux.
error-method-title = Pas ainsi
error-method-text = Cette adresse ne s’utilise pas de cette façon.
error-slow-title = C’était trop long
error-slow-text = Le formulaire n’est pas arrivé à temps. Veuillez réessayer.
error-large-title = Trop de données
error-large-text = L’envoi dépasse tout ce que contient un formulaire d’ici.
error-many-title = Trop de demandes à la fois
error-many-text = Votre réseau a envoyé un très grand nombre de demandes. Veuillez réessayer dans une heure.
error-internal-title = L’erreur est de notre côté
error-internal-text = Quelque chose n’a pas fonctionné ici, et c’est noté. Veuillez réessayer plus tard.

## Courriels

subject = { $more ->
    [0] { $title }
    [one] { $title } et un autre article
   *[other] { $title } et { $more } autres articles
}
summary = { $count ->
    [one] Un nouvel article
   *[other] { $count } nouveaux articles
} · { $minutes } min de lecture
minutes = { $count } min de lecture
view-on-web = Voir dans le navigateur
read-on = Lire sur { $site }
read-post = Lire « { $title } »
read-rest = Lire la suite sur { $site }
film = Vidéo : { $name }
sound = Audio : { $name }
more = { $count ->
    [one] Un autre article sur { $site }
   *[other] { $count } autres articles sur { $site }
}
footer-why = Vous recevez ce courriel parce que vous êtes abonné à { $title } de { $site } et l’avez confirmé.
footer-why-same = Vous recevez ce courriel parce que vous êtes abonné à { $title } et l’avez confirmé.
footer-address = Envoyé à { $address }
footer-preferences = Changer ce que vous recevez
footer-unsubscribe = Se désabonner
confirmation-subject = Veuillez confirmer : { $title }
confirmation-title = Voulez-vous recevoir { $title } par courriel ?
confirmation-asked = Quelqu’un, sans doute vous, a demandé sur { $site } que { $title } soit envoyé à cette adresse. Appuyez sur le bouton, et vous le recevrez à partir du prochain numéro.
confirmation-button = Oui, je m’abonne
confirmation-link = Si le bouton ne fonctionne pas, ouvrez cette adresse :
confirmation-ignore = Si ce n’était pas vous, ne tenez pas compte de ce courriel. Rien ne vous sera envoyé.

## La démonstration

demo-mails-title = Les courriels
demo-mails-lead = Voici ce que trois lecteurs auraient reçu. Rien n’a quitté cette machine.
demo-mails-empty = Aucun courriel n’a encore été écrit.
demo-mails-folder = Les fichiers sont dans { $folder }
demo-mail-from = De
demo-mail-to = À
demo-mail-date = Envoyé
demo-mail-text = La partie en texte seul
demo-mail-source = Le message lui-même (.eml)
demo-mail-back = Tous les courriels
