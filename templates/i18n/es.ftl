# Lo que dice el propio Postrider, en español.

## Fechas

date-long = { $day } de { $month } de { $year }
date-short = { $day } { $month }
date-time = { $weekday }, { $day } de { $month } de { $year }, { $time }
month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
month-short-1 = ene
month-short-2 = feb
month-short-3 = mar
month-short-4 = abr
month-short-5 = may
month-short-6 = jun
month-short-7 = jul
month-short-8 = ago
month-short-9 = sept
month-short-10 = oct
month-short-11 = nov
month-short-12 = dic
weekday-1 = lunes
weekday-2 = martes
weekday-3 = miércoles
weekday-4 = jueves
weekday-5 = viernes
weekday-6 = sábado
weekday-7 = domingo

## Páginas

language-name = Español
list-separator = {", "}
skip-to-content = Ir al contenido
languages = Idiomas
powered-by = Enviado y publicado con Postrider
nav-home = Inicio
nav-feeds = Fuentes
nav-subscribe = Suscribirse

when-published = en cuanto se publica algo
when-daily = todos los días a las { $time } ({ $zone })
when-weekly = cada { $days } a las { $time } ({ $zone })
when-monthly = el día { $days } de cada mes a las { $time } ({ $zone })
when-next = próximo envío: { $date }

home-lead = Los artículos nuevos llegan a ti: por correo o en un lector de fuentes.
home-to-site = Ir al sitio
home-mail = Por correo
home-mail-button = Suscribirse por correo
home-mail-archive = Números anteriores
home-feeds = En un lector de fuentes
home-feeds-text = Añade una de estas direcciones a tu lector de fuentes. Todas traen los artículos completos.
home-feeds-all =
    { $count ->
        [one] La única fuente
       *[other] Las { $count } fuentes
    }
home-empty = El sitio se está leyendo por primera vez. Vuelve dentro de un momento.

feeds-title = Fuentes
feeds-lead = Una fuente avisa a tu lector de lo nuevo, sin cuenta y sin dirección de correo. Copia una dirección en un lector de fuentes o ábrela desde él.
feeds-choose = Los tres formatos traen los mismos artículos. Todos los lectores entienden RSS, casi todos Atom y los más recientes JSON Feed.
feeds-all = Todo
feeds-language = Por idioma
feeds-section = Por sección
feeds-category = Por categoría
feeds-tag = Por etiqueta
feeds-author = Por autor
feeds-column-name = Nombre
feeds-column-posts = Artículos
feeds-column-formats = Fuentes
feeds-posts =
    { $count ->
        [one] { $count } artículo
       *[other] { $count } artículos
    }
feeds-format-of = Fuente { $format } de { $title }
feeds-more = Y { $count } más, con menos artículos: todas están en el archivo OPML.
feeds-opml = Todas a la vez: archivo OPML
feeds-opml-text = Los lectores de fuentes lo importan y se suscriben a cada una.
feeds-copy = Copiar
feeds-copied = Copiado
feeds-copy-of = Copiar la dirección { $format }
feeds-newest = Los artículos más recientes
feeds-site = Para las páginas del sitio
feeds-site-text = ¿Es tu sitio? Con estas líneas en la cabecera de sus páginas, los navegadores y lectores encuentran las fuentes por sí solos.

subscribe-title = Suscribirse por correo
subscribe-lead = Di adónde y mira tu buzón: no se envía nada antes de que lo confirmes.
subscribe-choose = ¿Qué quieres recibir?
subscribe-this = Recibirás
subscribe-address = Tu dirección de correo
subscribe-address-hint = Se usa solo para estos correos. Cada uno trae un enlace para darse de baja.
subscribe-trap = Deja este campo vacío
subscribe-button = Suscribirse
subscribe-none = Aquí no hay nada a lo que suscribirse por correo. Las fuentes lo tienen todo.
subscribe-fault = Todavía falta algo
subscribe-fault-empty = Indica una dirección, por favor.
subscribe-fault-address = Esta dirección no se puede usar.
subscribe-fault-choose = Elige al menos una opción, por favor.
subscribe-fault-unknown = Lo que has pedido no existe aquí. Elige de nuevo, por favor.
subscribe-fault-early = Ha sido muy rápido. Pulsa el botón otra vez, por favor.
subscribe-fault-late = La página llevaba mucho tiempo abierta. Pulsa el botón otra vez, por favor.

subscribed-title = Mira tu buzón
subscribed-text = Si esta dirección se puede suscribir, hay un correo con un enlace en camino. Ábrelo y pulsa allí el botón: solo entonces quedará hecha la suscripción.
subscribed-late = ¿Nada después de unos minutos? Mira en la carpeta de correo no deseado. A cada dirección le enviamos un solo correo así al día.

confirm-title = Confirma tu suscripción
confirm-text = Se enviará a { $address }.
confirm-button = Sí, quiero suscribirme
confirm-not-me = Si no has sido tú, cierra esta página. No se enviará nada.
confirm-done-title = Suscripción hecha
confirm-done-text = A partir de ahora se envía a { $address }.
confirm-already-title = Ya estaba confirmada
confirm-already-text = Se envía a { $address }. No hay nada más que hacer.
confirm-expired-title = Este enlace es demasiado antiguo
confirm-expired-text = Los enlaces de confirmación valen tres días. Suscríbete de nuevo y recibirás otro.
confirm-unsubscribed-title = Te diste de baja después
confirm-unsubscribed-text = Este enlace se usó y más tarde te diste de baja. Puedes volver a suscribirte cuando quieras.
confirm-unknown-title = No conocemos este enlace
confirm-unknown-text = Quizá se cortó. Ábrelo otra vez desde el correo o vuelve a suscribirte.

unsubscribe-title = Darse de baja
unsubscribe-text = Después, { $address } no recibirá más correos de esta lista.
unsubscribe-button = Darse de baja
unsubscribe-done-title = Baja hecha
unsubscribe-done-text = { $address } no recibirá más correos de esta lista.
unsubscribe-already-title = Ya estaba de baja
unsubscribe-already-text = { $address } no recibe correos de esta lista. No hay nada más que hacer.
unsubscribe-where-title = El enlace está en tu correo
unsubscribe-where-text = Al final de cada correo están tus propios enlaces para darte de baja y para cambiar lo que recibes. Ábrelos desde allí, por favor.
unsubscribe-unknown-title = No conocemos este enlace
unsubscribe-unknown-text = Quizá se cortó. Ábrelo otra vez desde el correo. Si se ha borrado a quien pertenecía, ya no se le envía ningún correo.

preferences-title = Lo que recibes
preferences-for = Correos a { $address }
preferences-link = Ver todo lo que recibes
preferences-saved = Guardado.
preferences-choose = Elige lo que quieres recibir
preferences-state-confirmed = lo recibes
preferences-state-unconfirmed = espera tu confirmación: el enlace está en tu buzón
preferences-state-unsubscribed = no lo recibes
preferences-gone = ya no se envía
preferences-suppressed = Los correos a esta dirección volvieron o fueron rechazados, así que ya no se envía nada.
preferences-save = Guardar
preferences-leave = Dejarlo todo
preferences-leave-text = Ningún correo más.
preferences-empty = No hay nada.
preferences-unknown-title = No conocemos este enlace
preferences-unknown-text = Quizá se cortó. Ábrelo otra vez desde el correo.

archive-title = Números anteriores
archive-empty = El primer número todavía no se ha enviado.
archive-reader = quienes nos leen
archive-subscribe = Suscribirse

error-back = Ir al inicio
error-malformed-title = No lo hemos entendido
error-malformed-text = La petición no es lo que esta dirección espera.
error-foreign-title = Enviado desde otro sitio
error-foreign-text = Este formulario venía de una página que no es de aquí. Usa las nuestras, por favor.
error-private-title = No es público
error-private-text = Esta dirección responde solo a las máquinas que mantienen el sitio.
error-not-found-title = Aquí no hay nada
error-not-found-text = No hay ninguna página en esta dirección.
error-gone-title = Ya no está
error-gone-text = Esta fuente ha terminado: el sitio ya no tiene nada con este nombre. El inicio lleva a sus otras fuentes.
error-method-title = Así no
error-method-text = Esta dirección no se puede usar de esa manera.
error-slow-title = Ha tardado demasiado
error-slow-text = El formulario no llegó a tiempo. Inténtalo de nuevo, por favor.
error-large-title = Demasiado
error-large-text = Se ha enviado más de lo que cabe en cualquier formulario de aquí.
error-many-title = Demasiadas a la vez
error-many-text = Desde tu red han llegado muchísimas peticiones. Inténtalo de nuevo dentro de una hora, por favor.
error-internal-title = El fallo es nuestro
error-internal-text = Algo ha ido mal aquí y ha quedado anotado. Inténtalo más tarde, por favor.

## Correos

subject = { $more ->
    [0] { $title }
   *[other] { $title } y { $more } más
}
summary = { $count ->
    [one] Un artículo nuevo
   *[other] { $count } artículos nuevos
} · { $minutes } min de lectura
minutes = { $count } min de lectura
view-on-web = Ver en el navegador
read-on = Leer en { $site }
read-post = Leer «{ $title }»
read-rest = Leer el resto en { $site }
film = Vídeo: { $name }
sound = Audio: { $name }
more = { $count ->
    [one] Un artículo más en { $site }
   *[other] { $count } artículos más en { $site }
}
footer-why = Recibes este correo porque te suscribiste a { $title } de { $site } y lo confirmaste.
footer-why-same = Recibes este correo porque te suscribiste a { $title } y lo confirmaste.
footer-address = Enviado a { $address }
footer-preferences = Cambiar lo que recibes
footer-unsubscribe = Darse de baja
confirmation-subject = Confirma, por favor: { $title }
confirmation-title = ¿Quieres recibir { $title } por correo?
confirmation-asked = Alguien, seguramente tú, pidió en { $site } que se enviara { $title } a esta dirección. Pulsa el botón y llegará a partir del próximo número.
confirmation-button = Sí, quiero suscribirme
confirmation-link = Si el botón no funciona, abre esta dirección:
confirmation-ignore = Si no has sido tú, no hagas caso de este correo. No se te enviará nada.

## La demostración

demo-mails-title = Los correos
demo-mails-lead = Esto es lo que habrían recibido tres lectores. Nada ha salido de esta máquina.
demo-mails-empty = Todavía no se ha escrito ningún correo.
demo-mails-folder = Los archivos están en { $folder }
demo-mail-from = De
demo-mail-to = Para
demo-mail-date = Enviado
demo-mail-text = La parte de solo texto
demo-mail-source = El mensaje mismo (.eml)
demo-mail-back = Todos los correos
