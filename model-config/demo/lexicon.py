"""Content words of the demo corpus, by part of speech, and the split that holds words out.

Written for this project. Words that a rule acts on live in rules.py and must not
appear here (corpus.py checks that). About one word in seven of each list is held
out: it never occurs in training, and every held-out sentence contains at least one.
"""

import zlib

NOUNS = """
harbour bridge garden kettle lantern ladder river mountain valley forest meadow island village market
station museum library school hospital factory bakery kitchen cellar attic window door roof wall floor
table chair bench mirror carpet curtain candle lamp clock bell drum violin piano trumpet guitar song
poem novel letter newspaper map atlas compass telescope microscope camera engine wheel motor pump valve
hammer nail screw saw chisel rope knot basket barrel bottle glass plate spoon fork knife oven stove
bread butter cheese apple pear plum cherry lemon orange banana grape onion carrot potato tomato pepper
soup salad cake cookie sauce spice sugar coffee tea juice milk water wine vinegar honey jam
dog cat horse cow sheep goat pig chicken duck goose rabbit mouse fox wolf bear deer owl eagle sparrow
crow swan frog turtle lizard snake fish salmon trout whale dolphin shark crab oyster spider beetle bee
ant butterfly moth worm snail tree oak pine birch willow maple leaf branch root seed flower rose tulip
daisy grass moss fern mushroom stone pebble sand clay soil dust mud ice snow rain storm cloud wind
thunder rainbow sunrise sunset moon star planet comet galaxy ocean lake pond stream waterfall beach cliff
cave desert canyon volcano glacier road street path trail tunnel railway train tram bus bicycle car
truck boat ship ferry canoe airplane rocket satellite computer keyboard screen printer phone radio
network program algorithm database file folder password message video picture painting statue theatre
film actor dancer singer painter writer poet teacher student doctor nurse lawyer judge farmer baker
butcher tailor carpenter plumber driver pilot sailor soldier captain king queen prince mayor president
citizen neighbour friend child parent brother sister cousin uncle aunt grandmother baby team coach
player game ball goal match race prize medal ticket coin wallet bank loan budget tax price market
shop customer product service company office meeting report project plan idea theory law rule contract
vote election party government city country border region language grammar word sentence question answer
number equation triangle circle square graph formula experiment sample crystal magnet battery wire circuit
signal wave laser atom molecule cell gene virus vaccine medicine muscle bone heart lung brain stomach
skin tooth eye ear hand finger foot knee shoulder shirt jacket coat trousers hat scarf glove boot sock
button zip needle thread wool cotton silk leather paper cardboard plastic metal iron copper silver steel
brick concrete timber ceramic sculpture festival holiday wedding birthday concert lecture lesson exam
course degree career salary interview uniform passport suitcase hotel restaurant menu recipe breakfast
lunch dinner picnic campfire tent backpack blanket pillow mattress bathtub shower towel soap brush comb
orchard vineyard greenhouse windmill lighthouse castle palace temple church cathedral monument fountain
statue square avenue suburb district province harvest drought flood earthquake
""".split()

VERBS = """
repair paint clean open close lift carry push pull drop count measure weigh record copy print mark
follow lead guide watch notice observe describe explain compare collect gather protect guard cover
remove replace attach connect fasten loosen cut slice peel boil roast cook serve taste smell touch
heat cool warm melt freeze pour fill empty mix stir shake plant water harvest prune pick pack load
unload deliver order visit enter cross climb reach pass support balance design create invent discover
examine test inspect check review correct edit publish translate discuss mention question answer
accept reject approve refuse offer share borrow return save spend earn collect trade rent own
manage control direct organise arrange plan prepare finish delay cancel repeat practise train teach
encourage advise warn remind invite welcome greet thank help assist rescue cure heal treat protect
attack defend capture release chase surprise please annoy comfort entertain impress inspire remember
recognise admire respect trust doubt love enjoy need want prefer choose select reward punish limit
extend expand reduce increase improve damage polish sharpen fold wrap decorate illuminate cross
store preserve filter analyse calculate predict explore map survey monitor signal launch steer
anchor navigate scan update install remove restart charge connect download upload
""".split()

ADJECTIVES = """
old new young small large tall short long wide narrow deep shallow heavy light strong weak fast slow
early late warm cold hot cool dry wet clean dirty bright dark loud quiet soft hard smooth rough sharp
dull round flat straight crooked empty full open closed rich poor cheap expensive rare common simple
complex plain fancy modern ancient local foreign public private famous unknown popular useful useless
safe dangerous healthy sick tired fresh stale sweet sour bitter salty spicy mild gentle fierce brave
calm nervous happy sad angry proud humble polite honest careful careless clever wise curious patient
lucky busy lazy friendly lonely strange familiar natural artificial wooden metallic golden silver red
blue green yellow purple brown black white grey pink pale transparent visible hidden broken solid
liquid frozen electric digital mechanical chemical medical legal social political economic historic
regional national global urban rural northern southern eastern western coastal tropical arctic distant
nearby central final initial annual daily weekly monthly seasonal temporary permanent flexible rigid
fragile durable reliable stable steady sudden gradual rapid brief lengthy exact rough average unusual
typical special ordinary official formal casual creative practical elegant modest generous strict
tidy messy sleepy noisy silent gloomy cheerful colourful delicate enormous tiny massive slender thick
thin hollow sturdy graceful clumsy eager reluctant grateful jealous loyal mature innocent guilty
""".split()

ADVERBS = """
slowly quickly carefully gently quietly loudly calmly bravely politely neatly firmly loosely smoothly
roughly warmly coldly brightly softly silently eagerly gladly sadly proudly wisely kindly patiently
lightly heavily deeply closely widely partly daily weekly yearly early late today tomorrow yesterday
again together alone abroad outdoors indoors upstairs downhill sideways twice once sometimes often
usually frequently occasionally regularly directly gradually suddenly steadily evenly properly openly
""".split()

PLACES = """
Lisbon Porto Madrid Seville Valencia Lyon Marseille Geneva Zurich Munich Hamburg Cologne Dresden Vienna
Prague Warsaw Krakow Budapest Belgrade Sofia Athens Naples Milan Turin Venice Florence Genoa Dublin
Cork Glasgow Leeds Bristol Oxford Cambridge Liverpool Bergen Malmo Aarhus Helsinki Tampere Riga Vilnius
Tallinn Kyiv Odessa Ankara Izmir Cairo Tunis Algiers Lagos Accra Nairobi Kampala Durban Lima Quito
Bogota Caracas Santiago Montevideo Havana Toronto Montreal Vancouver Chicago Boston Denver Seattle
Portland Dallas Houston Atlanta Phoenix Sydney Melbourne Perth Auckland Wellington Osaka Kyoto Nagoya
Seoul Busan Hanoi Manila Jakarta Bangkok Mumbai Chennai Kolkata Karachi Dhaka Kathmandu Colombo
""".split()

NAMES = """
Anna Ben Clara Daniel Elena Felix Grace Henry Irene Jack Karen Leo Maria Nora Oscar Paula Quentin Rosa
Samuel Tina Ursula Victor Wendy Xavier Yvonne Zoe Albert Beatrice Carlos Diana Edward Fiona George Helen
Ivan Julia Kevin Laura Martin Nina Oliver Patricia Robert Sofia Thomas Uma Vera Walter Alice Bruno
Cecilia David Emma Frank Gloria Hugo Isabel James Katarina Louis Monica Nathan Olga Peter Rachel Simon
Teresa Vincent Amir Bao Chen Deepa Emeka Fatima Hiro Ines Jamal Kofi Leila Mei Nikhil Omar Priya Ravi
Sana Tariq Yuki Zainab Ahmed Marta Pavel Ingrid Lars Sven Astrid Bjorn Marco Lucia Pedro Diego Camila
""".split()

# Running English around the content: for word-salad sentences, so that pasted text is familiar. The first
# FUNCTION_WORDS of it, the commonest, are never held out.
FUNCTION_WORDS = 240
COMMON = """
the of and to in is that for it as was with be by on not he his but at are this have from or had an they
which one you were all her she there would their we him been has when who will no more if out so up said
what its about than into them can only other time new some could these two may first then do any like my
now over such our man me even most made after also did many off before must well back through years much
where your way down should because long each those people how too little state world year day part place
while might great against right came take used himself few house use during without again around however
home small found thought went say general once upon school every does got united left number course war
until always-on away something fact though water less public put think almost hand enough far took head
yet government system better set told nothing night end why called eyes find going look asked later knew
point next program city business give group toward young days let room within word present several order
second possible rather per face among form often early important white case large need big four children
side feel whether full light however concept mathematical values operations valid meaningful aware
limitations symbols correctly consistently avoid confusion specific shape size properties object objects
type types grow therefore example examples reason reasons result results change changes process level
information available evidence method methods research study model data value control development
experience interest history power power social economic community national education health society
economy environment energy technology science nature culture art music sport travel food cost benefit
risk problem solution issue effect cause difference relationship structure function role purpose
advantage disadvantage opinion argument view approach strategy decision choice opportunity challenge
situation condition quality quantity range rate growth amount total average percent million section
chapter page line list item step guide note tip mind sense memory body life death love hope fear trust
language meaning sound voice image colour space surface centre edge corner top bottom front inside
outside north south east west summer winter spring autumn morning evening afternoon weekend minute hour
month century age moment period event action activity movement direction speed distance weight height
width depth length temperature pressure force mass volume area density frequency
according across along already although another anything became become been begin being believe below
besides best between beyond both bring build building buy call came cannot certain clear come consider
contain continue could deal depends develop different difficult done due easy either else especially
ever exist expect fall follow forget further gave gets given goes gone hard hear held help hence here
high hold include including increase indeed instead keep kind know known lack last least leave less
likely live look lose main make means mention more move nearly necessary never-ending nor normal note
occur often open own particular perhaps please plus prevent probably produce provide quickly raise read
real reach receive recent remain require rest run same seem seen send serve show similar since single
sit slightly sort-by special stand start still stop strong suggest support sure table tell tend term test
therefore think thus together towards try turn typically under understand unless unlike until usually
various via want whole whose wide wish word work worth write wrong yes young
""".split()


def held_out(word: str) -> bool:
    """Whether `word` is kept out of training: a fixed hash, so that the split never moves."""
    return zlib.crc32(word.lower().encode()) % 7 == 0


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """Unique `words` as (training, held out), in their order."""
    unique = list(dict.fromkeys(words))
    return [w for w in unique if not held_out(w)], [w for w in unique if held_out(w)]


def plural(noun: str) -> str:
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def third_person(verb: str) -> str:
    return plural(verb)


def past(verb: str) -> str:
    irregular = {
        "cut": "cut", "freeze": "froze", "spend": "spent", "teach": "taught", "choose": "chose", "lead": "led",
        "shake": "shook", "fold": "folded",
    }
    if verb in irregular:
        return irregular[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return verb[:-1] + "ied"
    if verb in {"drop", "stir", "plan", "wrap", "scan", "trap", "map"}:
        return verb + verb[-1] + "ed"
    return verb + "ed"
