/** The English function words by which clauses are told apart and read. Lower case, straight apostrophes. */

/** Deny what follows in their clause. Words ending in `n't` do too. */
export const NEGATORS: ReadonlySet<string> = new Set([
  ...['not', 'no', 'never', 'none', 'nothing', 'nobody', 'neither', 'nor', 'cannot', 'without', 'hardly'],
  ...[
    'barely',
    'scarcely',
    'unable',
    'impossible',
    'unsuccessful',
    'unsuccessfully',
    'fail',
    'fails',
    'failed',
  ],
  ...['failing', 'failure', 'refuse', 'refused', 'declined', 'denied', 'non', 'un', 'nowhere', 'prevented'],
  ...[
    'cant',
    'wont',
    'dont',
    'didnt',
    'doesnt',
    'isnt',
    'arent',
    'wasnt',
    'werent',
    'hasnt',
    'havent',
    'hadnt',
  ],
  ...['couldnt', 'wouldnt', 'shouldnt'],
]);

/** Make what follows in their clause a condition, a time to come or an open question. */
export const CONDITIONS: ReadonlySet<string> = new Set([
  ...['if', 'unless', 'whether', 'once', 'until', 'till', 'when', 'whenever', 'before', 'ensure', 'ensuring'],
]);

/** Make what follows a wish, a duty or a possibility, unless a finite verb begins anew after them. */
export const UNREAL: ReadonlySet<string> = new Set([
  ...[
    'can',
    'could',
    'may',
    'might',
    'would',
    'must',
    "i'd",
    "you'd",
    "we'd",
    "they'd",
    "he'd",
    "she'd",
    'let',
  ],
  ...[
    "let's",
    'please',
    'want',
    'wants',
    'wanted',
    'like',
    'wish',
    'wished',
    'wishing',
    'need',
    'needs',
    'needed',
  ],
  ...['request', 'requests', 'requested', 'requesting', 'ask', 'asks', 'asked', 'asking', 'hope', 'hoping'],
  ...[
    'expected',
    'supposed',
    'waiting',
    'awaiting',
    'remains',
    'remain',
    'eligible',
    'ready',
    'try',
    'trying',
  ],
  ...['working', 'prefer', 'rather'],
]);

/** Of {@link UNREAL}, those that are nouns as well: "your request", "a wish". */
export const NOUNS_TOO: ReadonlySet<string> = new Set([
  ...['request', 'requests', 'need', 'needs', 'wish', 'ask', 'hope', 'try', 'like', 'can'],
]);

/** Verbs that say what something counts as: "I have marked it as resolved". */
export const MARKING: ReadonlySet<string> = new Set([
  ...['mark', 'marks', 'marked', 'set', 'flag', 'flags', 'flagged', 'close', 'closes', 'closed'],
  ...['record', 'records', 'recorded', 'log', 'logs', 'logged', 'register', 'registers', 'registered'],
  ...['list', 'lists', 'listed', 'show', 'shows', 'shown', 'showing', 'file', 'filed', 'tag', 'tagged'],
]);

/** Take a bare infinitive: the `have` of "could have been" is no finite verb. */
export const MODALS: ReadonlySet<string> = new Set([
  'can',
  'could',
  'may',
  'might',
  'would',
  'must',
  'to',
  'should',
]);

/** Subjects that can do the resolving: "I refunded it" is a claim whatever stands before. */
export const AGENTS: ReadonlySet<string> = new Set(['i', 'we', 'he', 'she', 'they', 'you']);

/** Begin a finite verb: what they govern is said to be so. */
export const FINITE: ReadonlySet<string> = new Set([
  ...[
    'is',
    'are',
    'was',
    'were',
    'am',
    'has',
    'have',
    'had',
    'got',
    "it's",
    "that's",
    "he's",
    "she's",
    "there's",
  ],
  ...[
    "everything's",
    "i've",
    "we've",
    "you've",
    "they've",
    "i'm",
    "we're",
    "you're",
    "they're",
    'will',
    "i'll",
  ],
  ...["we'll", "you'll", "it'll", "they'll", "that'll"],
]);

/** Speak of a time to come; with a condition they promise nothing. */
export const FUTURE: ReadonlySet<string> = new Set([
  ...['will', "i'll", "we'll", "you'll", "it'll", "they'll", "that'll", 'shall', 'get', 'gets', 'going'],
]);

/** Speak of what has happened. */
export const PAST: ReadonlySet<string> = new Set([
  ...['was', 'were', 'has', 'have', 'had', 'been', "i've", "we've", "you've", "they've", 'got'],
]);

/** Subjects that stand alone. */
export const PRONOUNS: ReadonlySet<string> = new Set([
  ...['i', 'we', 'you', 'he', 'she', 'it', 'they', 'this', 'that', 'there', 'everything', 'both'],
  ...[
    "i've",
    "we've",
    "you've",
    "they've",
    "it's",
    "that's",
    "there's",
    "he's",
    "she's",
    "i'm",
    "we're",
    "you're",
  ],
  ...["they're", "i'll", "we'll", "you'll", "it'll", "they'll", "everything's"],
]);

/** Begin a noun phrase. */
export const DETERMINERS: ReadonlySet<string> = new Set([
  ...[
    'a',
    'an',
    'the',
    'any',
    'each',
    'every',
    'your',
    'our',
    'my',
    'his',
    'her',
    'their',
    'its',
    'these',
    'those',
  ],
]);

/** Always begin a clause. */
export const CONNECTIVES: ReadonlySet<string> = new Set([
  ...['but', 'however', 'although', 'though', 'whereas', 'nevertheless', 'nonetheless', 'instead', 'because'],
  ...['therefore', 'thus', 'hence', 'so', 'while', 'then', 'otherwise', 'still'],
]);

/** Begin a clause when a subject or a finite verb follows. */
export const JOINERS: ReadonlySet<string> = new Set(['and', 'as', 'since', 'or', 'yet', '&']);

/** Verbs that can stand before their subject or carry on a sentence without one. */
export const AUXILIARIES: ReadonlySet<string> = new Set([
  ...[
    'is',
    'are',
    'was',
    'were',
    'am',
    'be',
    'been',
    'being',
    'has',
    'have',
    'had',
    'do',
    'does',
    'did',
    'will',
  ],
  ...['would', 'can', 'could', 'shall', 'should', 'may', 'might', 'must'],
]);

/** Begin a question, with the auxiliaries. */
export const QUESTION_WORDS: ReadonlySet<string> = new Set([
  ...['what', 'when', 'how', 'why', 'who', 'which', 'where', 'whose'],
]);

/** After these, `to be`, `to get` and `to have` speak of something done or sure to come. */
export const ACHIEVING: ReadonlySet<string> = new Set([
  ...['going', 'managed', 'set', 'due', 'scheduled', 'about', 'pleased', 'glad', 'proud', 'able'],
]);
