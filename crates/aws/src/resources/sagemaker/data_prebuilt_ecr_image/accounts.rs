//! In which account of which region AWS keeps its images for SageMaker, by kind of image. The kinds that serve endpoints.

/// A kind of images, and its accounts.
struct Kind {
    repositories: &'static [&'static str],
    accounts: &'static [(&'static str, &'static str)],
    /// Where `accounts` has no entry.
    otherwise: Option<&'static [(&'static str, &'static str)]>,
}

static KINDS: [Kind; 9] = [
    Kind { repositories: DEEP_LEARNING, accounts: DEEP_LEARNING_ACCOUNTS, otherwise: None },
    Kind { repositories: XGBOOST, accounts: XGBOOST_ACCOUNTS, otherwise: None },
    Kind { repositories: ALGORITHMS, accounts: ALGORITHM_ACCOUNTS, otherwise: None },
    Kind { repositories: BLAZING, accounts: BLAZING_ACCOUNTS, otherwise: Some(ALGORITHM_ACCOUNTS) },
    Kind { repositories: FORECASTING, accounts: FORECASTING_ACCOUNTS, otherwise: Some(ALGORITHM_ACCOUNTS) },
    Kind { repositories: FRAMEWORKS, accounts: FRAMEWORK_ACCOUNTS, otherwise: None },
    Kind { repositories: COMPILED, accounts: COMPILED_ACCOUNTS, otherwise: None },
    Kind { repositories: REINFORCEMENT, accounts: REINFORCEMENT_ACCOUNTS, otherwise: None },
    Kind { repositories: GEOSPATIAL, accounts: GEOSPATIAL_ACCOUNTS, otherwise: None },
];

/// Every repository, sorted.
pub(super) fn repositories() -> Vec<&'static str> {
    let mut all: Vec<&str> = KINDS.iter().flat_map(|kind| kind.repositories).copied().collect();
    all.sort_unstable();
    all
}

/// The account that has a repository in a region.
pub(super) fn account(repository: &str, region: &str) -> Option<&'static str> {
    let kind = KINDS.iter().find(|kind| kind.repositories.contains(&repository))?;
    let find = |table: &'static [(&'static str, &'static str)]| {
        table.iter().find(|(name, _)| *name == region).map(|(_, account)| *account)
    };
    find(kind.accounts).or_else(|| find(kind.otherwise?))
}

const DEEP_LEARNING: &[&str] = &[
    "autogluon-inference",
    "autogluon-training",
    "djl-inference",
    "huggingface-pytorch-inference",
    "huggingface-pytorch-inference-neuron",
    "huggingface-pytorch-inference-neuronx",
    "huggingface-pytorch-tgi-inference",
    "huggingface-pytorch-training",
    "huggingface-pytorch-training-neuronx",
    "huggingface-pytorch-trcomp-training",
    "huggingface-tensorflow-inference",
    "huggingface-tensorflow-training",
    "huggingface-tensorflow-trcomp-training",
    "mxnet-inference",
    "mxnet-inference-eia",
    "mxnet-training",
    "pytorch-inference",
    "pytorch-inference-eia",
    "pytorch-inference-graviton",
    "pytorch-inference-neuronx",
    "pytorch-training",
    "pytorch-training-neuronx",
    "pytorch-trcomp-training",
    "sagemaker-tritonserver",
    "stabilityai-pytorch-inference",
    "tensorflow-inference",
    "tensorflow-inference-eia",
    "tensorflow-inference-graviton",
    "tensorflow-training",
];

const XGBOOST: &[&str] =
    &["sagemaker-scikit-learn", "sagemaker-sparkml-serving", "sagemaker-xgboost", "tei", "tei-cpu"];

const ALGORITHMS: &[&str] = &[
    "factorization-machines",
    "ipinsights",
    "kmeans",
    "knn",
    "linear-learner",
    "ntm",
    "object2vec",
    "pca",
    "randomcutforest",
];

const BLAZING: &[&str] =
    &["blazingtext", "image-classification", "object-detection", "semantic-segmentation", "seq2seq"];

const FORECASTING: &[&str] = &["forecasting-deepar"];

const FRAMEWORKS: &[&str] = &[
    "sagemaker-chainer",
    "sagemaker-mxnet",
    "sagemaker-mxnet-eia",
    "sagemaker-mxnet-serving",
    "sagemaker-mxnet-serving-eia",
    "sagemaker-pytorch",
    "sagemaker-rl-tensorflow",
    "sagemaker-tensorflow",
    "sagemaker-tensorflow-eia",
    "sagemaker-tensorflow-scriptmode",
    "sagemaker-tensorflow-serving",
    "sagemaker-tensorflow-serving-eia",
];

const COMPILED: &[&str] = &[
    "image-classification-neo",
    "sagemaker-inference-mxnet",
    "sagemaker-inference-pytorch",
    "sagemaker-inference-tensorflow",
    "sagemaker-neo-mxnet",
    "sagemaker-neo-pytorch",
    "sagemaker-neo-tensorflow",
    "sagemaker-rl-mxnet",
    "xgboost-neo",
];

const REINFORCEMENT: &[&str] =
    &["sagemaker-rl-coach-container", "sagemaker-rl-ray-container", "sagemaker-rl-vw-container"];

const GEOSPATIAL: &[&str] = &["sagemaker-geospatial-v1-0"];

/// Deep learning containers.
const DEEP_LEARNING_ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "626614931356"),
    ("ap-east-1", "871362719292"),
    ("ap-northeast-1", "763104351884"),
    ("ap-northeast-2", "763104351884"),
    ("ap-northeast-3", "364406365360"),
    ("ap-south-1", "763104351884"),
    ("ap-south-2", "772153158452"),
    ("ap-southeast-1", "763104351884"),
    ("ap-southeast-2", "763104351884"),
    ("ap-southeast-3", "907027046896"),
    ("ap-southeast-4", "457447274322"),
    ("ca-central-1", "763104351884"),
    ("ca-west-1", "204538143572"),
    ("cn-north-1", "727897471807"),
    ("cn-northwest-1", "727897471807"),
    ("eu-central-1", "763104351884"),
    ("eu-central-2", "380420809688"),
    ("eu-north-1", "763104351884"),
    ("eu-south-1", "692866216735"),
    ("eu-south-2", "503227376785"),
    ("eu-west-1", "763104351884"),
    ("eu-west-2", "763104351884"),
    ("eu-west-3", "763104351884"),
    ("il-central-1", "780543022126"),
    ("me-central-1", "914824155844"),
    ("me-south-1", "217643126080"),
    ("sa-east-1", "763104351884"),
    ("us-east-1", "763104351884"),
    ("us-east-2", "763104351884"),
    ("us-gov-east-1", "446045086412"),
    ("us-gov-west-1", "442386744353"),
    ("us-iso-east-1", "886529160074"),
    ("us-isob-east-1", "094389454867"),
    ("us-west-1", "763104351884"),
    ("us-west-2", "763104351884"),
];

/// XGBoost, scikit-learn and their like.
const XGBOOST_ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "510948584623"),
    ("ap-east-1", "651117190479"),
    ("ap-northeast-1", "354813040037"),
    ("ap-northeast-2", "366743142698"),
    ("ap-northeast-3", "867004704886"),
    ("ap-south-1", "720646828776"),
    ("ap-south-2", "628508329040"),
    ("ap-southeast-1", "121021644041"),
    ("ap-southeast-2", "783357654285"),
    ("ap-southeast-3", "951798379941"),
    ("ap-southeast-4", "106583098589"),
    ("ca-central-1", "341280168497"),
    ("ca-west-1", "190319476487"),
    ("cn-north-1", "450853457545"),
    ("cn-northwest-1", "451049120500"),
    ("eu-central-1", "492215442770"),
    ("eu-central-2", "680994064768"),
    ("eu-north-1", "662702820516"),
    ("eu-south-1", "978288397137"),
    ("eu-south-2", "104374241257"),
    ("eu-west-1", "141502667606"),
    ("eu-west-2", "764974769150"),
    ("eu-west-3", "659782779980"),
    ("il-central-1", "898809789911"),
    ("me-central-1", "272398656194"),
    ("me-south-1", "801668240914"),
    ("sa-east-1", "737474898029"),
    ("us-east-1", "683313688378"),
    ("us-east-2", "257758044811"),
    ("us-gov-east-1", "237065988967"),
    ("us-gov-west-1", "414596584902"),
    ("us-iso-east-1", "833128469047"),
    ("us-isob-east-1", "281123927165"),
    ("us-west-1", "746614075791"),
    ("us-west-2", "246618743249"),
];

/// The algorithms of SageMaker itself.
const ALGORITHM_ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "455444449433"),
    ("ap-east-1", "286214385809"),
    ("ap-northeast-1", "351501993468"),
    ("ap-northeast-2", "835164637446"),
    ("ap-northeast-3", "867004704886"),
    ("ap-south-1", "991648021394"),
    ("ap-south-2", "628508329040"),
    ("ap-southeast-1", "475088953585"),
    ("ap-southeast-2", "712309505854"),
    ("ap-southeast-3", "951798379941"),
    ("ap-southeast-4", "106583098589"),
    ("ca-central-1", "469771592824"),
    ("ca-west-1", "190319476487"),
    ("cn-north-1", "390948362332"),
    ("cn-northwest-1", "387376663083"),
    ("eu-central-1", "664544806723"),
    ("eu-central-2", "680994064768"),
    ("eu-north-1", "669576153137"),
    ("eu-south-1", "257386234256"),
    ("eu-south-2", "104374241257"),
    ("eu-west-1", "438346466558"),
    ("eu-west-2", "644912444149"),
    ("eu-west-3", "749696950732"),
    ("il-central-1", "898809789911"),
    ("me-central-1", "272398656194"),
    ("me-south-1", "249704162688"),
    ("sa-east-1", "855470959533"),
    ("us-east-1", "382416733822"),
    ("us-east-2", "404615174143"),
    ("us-gov-east-1", "237065988967"),
    ("us-gov-west-1", "226302683700"),
    ("us-iso-east-1", "490574956308"),
    ("us-isob-east-1", "765400339828"),
    ("us-west-1", "632365934929"),
    ("us-west-2", "174872318107"),
];

/// Text, image and sequence algorithms, where they are not with the others.
const BLAZING_ACCOUNTS: &[(&str, &str)] = &[
    ("ap-northeast-1", "501404015308"),
    ("ap-northeast-2", "306986355934"),
    ("ap-southeast-2", "544295431143"),
    ("eu-central-1", "813361260812"),
    ("eu-west-1", "685385470294"),
    ("us-east-1", "811284229777"),
    ("us-east-2", "825641698319"),
    ("us-west-2", "433757028032"),
];

/// DeepAR, where it is not with the others.
const FORECASTING_ACCOUNTS: &[(&str, &str)] = &[
    ("ap-northeast-1", "633353088612"),
    ("ap-northeast-2", "204372634319"),
    ("ap-southeast-2", "514117268639"),
    ("eu-central-1", "495149712605"),
    ("eu-west-1", "224300973850"),
    ("us-east-1", "522234722520"),
    ("us-east-2", "566113047672"),
    ("us-west-2", "156387875391"),
];

/// Frameworks from before the deep learning containers.
const FRAMEWORK_ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "313743910680"),
    ("ap-east-1", "057415533634"),
    ("ap-northeast-1", "520713654638"),
    ("ap-northeast-2", "520713654638"),
    ("ap-south-1", "520713654638"),
    ("ap-southeast-1", "520713654638"),
    ("ap-southeast-2", "520713654638"),
    ("ca-central-1", "520713654638"),
    ("cn-north-1", "422961961927"),
    ("cn-northwest-1", "423003514399"),
    ("eu-central-1", "520713654638"),
    ("eu-north-1", "520713654638"),
    ("eu-south-1", "048378556238"),
    ("eu-west-1", "520713654638"),
    ("eu-west-2", "520713654638"),
    ("eu-west-3", "520713654638"),
    ("me-south-1", "724002660598"),
    ("sa-east-1", "520713654638"),
    ("us-east-1", "520713654638"),
    ("us-east-2", "520713654638"),
    ("us-gov-west-1", "246785580436"),
    ("us-iso-east-1", "744548109606"),
    ("us-isob-east-1", "453391408702"),
    ("us-west-1", "520713654638"),
    ("us-west-2", "520713654638"),
];

/// Compiled models.
const COMPILED_ACCOUNTS: &[(&str, &str)] = &[
    ("af-south-1", "774647643957"),
    ("ap-east-1", "110948597952"),
    ("ap-northeast-1", "941853720454"),
    ("ap-northeast-2", "151534178276"),
    ("ap-northeast-3", "925152966179"),
    ("ap-south-1", "763008648453"),
    ("ap-southeast-1", "324986816169"),
    ("ap-southeast-2", "355873309152"),
    ("ca-central-1", "464438896020"),
    ("cn-north-1", "472730292857"),
    ("cn-northwest-1", "474822919863"),
    ("eu-central-1", "746233611703"),
    ("eu-north-1", "601324751636"),
    ("eu-south-1", "966458181534"),
    ("eu-west-1", "802834080501"),
    ("eu-west-2", "205493899709"),
    ("eu-west-3", "254080097072"),
    ("il-central-1", "275950707576"),
    ("me-south-1", "836785723513"),
    ("sa-east-1", "756306329178"),
    ("us-east-1", "785573368785"),
    ("us-east-2", "007439368137"),
    ("us-gov-west-1", "263933020539"),
    ("us-west-1", "710691900526"),
    ("us-west-2", "301217895009"),
];

/// Reinforcement learning.
const REINFORCEMENT_ACCOUNTS: &[(&str, &str)] = &[
    ("ap-northeast-1", "462105765813"),
    ("ap-northeast-2", "462105765813"),
    ("ap-south-1", "462105765813"),
    ("ap-southeast-1", "462105765813"),
    ("ap-southeast-2", "462105765813"),
    ("ca-central-1", "462105765813"),
    ("eu-central-1", "462105765813"),
    ("eu-west-1", "462105765813"),
    ("eu-west-2", "462105765813"),
    ("us-east-1", "462105765813"),
    ("us-east-2", "462105765813"),
    ("us-west-1", "462105765813"),
    ("us-west-2", "462105765813"),
];

/// Geospatial.
const GEOSPATIAL_ACCOUNTS: &[(&str, &str)] = &[("us-west-2", "081189585635")];
