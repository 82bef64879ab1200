//! Domains at which everyone can have an address: nobody's own domain.
//!
//! The big public providers, with their country domains where those are in wide use. The table is no complete one and needs
//! not be: it catches the mistake of an author who writes down where their own mailbox is.

use std::collections::HashSet;
use std::sync::LazyLock;

const DOMAINS: &str = "
    gmail.com googlemail.com
    outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.com.br hotmail.com hotmail.co.uk hotmail.de
    hotmail.fr hotmail.it hotmail.es live.com live.co.uk live.de live.fr live.nl live.it msn.com windowslive.com
    yahoo.com yahoo.co.uk yahoo.co.jp yahoo.co.in yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.com.br yahoo.ca ymail.com
    rocketmail.com aol.com aim.com
    icloud.com me.com mac.com
    proton.me protonmail.com pm.me tutanota.com tuta.io tuta.com fastmail.com fastmail.fm hey.com
    zoho.com zohomail.com zohomail.eu hushmail.com mailbox.org posteo.de runbox.com startmail.com disroot.org riseup.net
    gmx.de gmx.net gmx.com gmx.at gmx.ch gmx.fr web.de freenet.de t-online.de arcor.de mail.com email.com
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr bbox.fr libero.it virgilio.it tiscali.it alice.it tin.it
    btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rogers.com shaw.ca
    sympatico.ca bigpond.com optusnet.com.au ziggo.nl kpnmail.nl planet.nl telenet.be skynet.be bluewin.ch
    mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com ya.ru rambler.ru ukr.net
    wp.pl o2.pl interia.pl onet.pl seznam.cz centrum.cz azet.sk freemail.hu citromail.hu abv.bg
    qq.com 163.com 126.com yeah.net sina.com sina.cn sohu.com foxmail.com aliyun.com naver.com daum.net hanmail.net kakao.com
    nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp rediffmail.com
    uol.com.br bol.com.br terra.com.br ig.com.br
";

static TABLE: LazyLock<HashSet<&str>> = LazyLock::new(|| DOMAINS.split_whitespace().collect());

/// Whether everyone can have an address at `domain` (A-labels, lower case).
#[must_use]
pub fn is_public_mail(domain: &str) -> bool {
    TABLE.contains(domain)
}
