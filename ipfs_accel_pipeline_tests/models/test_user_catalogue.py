"""The user's own catalogue file: it adds and refines models, and a slip in it is an error that says what to write."""

import pytest

from ipfs_accel_pipeline.errors import UsageError
from ipfs_accel_pipeline.models.catalogue import find_model, load_catalogue

MINE = """
["me/my-bert"]
family = "bert"
model_type = "text_encoder"
modality = "text"
architecture = "BertModel"
config_class = "BertConfig"
overrides = { hidden_size = 64 }
sequence_length = 32
aliases = ["mine"]
default = true
"""


@pytest.fixture
def user_file(tmp_path):
    def write(text):
        file = tmp_path / "mine.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_new_entry_is_found_by_id_and_alias_and_joins_the_default_run(user_file):
    file = user_file(MINE)
    catalogue = load_catalogue(file)
    spec = find_model("mine", catalogue)
    assert spec is catalogue["me/my-bert"]
    assert (spec.source, spec.overrides, spec.parameters) == ("user_catalogue", {"hidden_size": 64}, None)
    assert catalogue.defaults[-1] == "me/my-bert"


def test_entry_refines_a_shipped_model_key_by_key(user_file):
    catalogue = load_catalogue(user_file('["prajjwal1/bert-tiny"]\nsequence_length = 32\ndefault = false'))
    spec = catalogue["prajjwal1/bert-tiny"]
    assert (spec.source, spec.sequence_length, spec.parameters) == ("user_catalogue", 32, 4_385_920)
    assert "prajjwal1/bert-tiny" not in catalogue.defaults


def test_entry_that_builds_another_model_does_not_inherit_the_measured_count(user_file):
    catalogue = load_catalogue(user_file('["prajjwal1/bert-tiny"]\noverrides = { hidden_size = 64 }'))
    spec = catalogue["prajjwal1/bert-tiny"]
    assert (spec.parameters, spec.revision, spec.license) == (None, None, None)


def test_file_with_a_shipped_entry_copied_unchanged_keeps_the_count(user_file):
    catalogue = load_catalogue(user_file('["prajjwal1/bert-tiny"]\narchitecture = "BertModel"'))
    assert catalogue["prajjwal1/bert-tiny"].parameters == 4_385_920


def test_empty_file_changes_nothing(user_file):
    assert load_catalogue(user_file("")) == load_catalogue()


def test_a_file_that_begins_with_the_mark_of_an_editor_is_read(user_file):
    assert "me/my-bert" in load_catalogue(user_file("\ufeff" + MINE))


def test_loading_a_user_file_leaves_the_shipped_catalogue_alone(user_file):
    load_catalogue(user_file(MINE))
    assert "me/my-bert" not in load_catalogue()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[me/my", "not valid TOML"),
        ("family = 'bert'", r'\["family"\] is not an entry. Begin one with'),
        ('["a b"]', "has a name with spaces or commas"),
        ('["a,b"]', "has a name with spaces or commas"),
        ('[""]', "has a name with spaces or commas, or none"),
        ('["me/x"]\noverides = {}', r"unknown key 'overides'. Did you mean overrides\?"),
        ('["me/x"]\nzzz = 1', "unknown key 'zzz'. Known keys: family, model_type"),
        ('["me/x"]', r'\["me/x"\] has no family. Write for example: family = "bert"'),
        (
            '["me/x"]\nparameters = "12"',
            "parameters = '12' must be a whole number from 1 to 1000000000000000. Write for example: parameters =",
        ),
        ('["me/x"]\nparameters = true', "must be a whole number"),
        ('["me/x"]\nsequence_length = 0', "must be a whole number from 1"),
        ('["me/x"]\nsequence_length = 16777217', "must be a whole number from 1 to 16777216"),
        ('["me/x"]\nmodel_type = "encoder"', "model_type = 'encoder' must be one of text_encoder, text_decoder"),
        ('["me/x"]\nmodality = ["text"]', "must be one of text, image"),
        ('["me/x"]\narchitecture = ""', "must be a text that is not empty"),
        ('["me/x"]\noverrides = [1]', "must be a table"),
        ('["me/x"]\noverrides = { ids = [{ since = 1979-05-27 }] }', "must be a table without dates"),
        ('["me/x"]\naliases = "x"', "must be a list of names"),
        ('["me/x"]\naliases = ["a b"]', "must be a list of names"),
        ('["me/x"]\ndefault = 1', "must be true or false"),
        (
            MINE.replace('"mine"', '"vit-base"'),
            "alias 'vit-base' of me/my-bert already means google/vit-base-patch16-224",
        ),
        (MINE.replace('"mine"', '"prajjwal1/bert-tiny"'), "already means prajjwal1/bert-tiny"),
        (MINE + '["me/my-bert"]\n', "not valid TOML"),
    ],
)
def test_slip_is_a_usage_error_with_its_place_and_remedy(user_file, text, message):
    file = user_file(text)
    with pytest.raises(UsageError, match=message) as caught:
        load_catalogue(file)
    if "alias" not in str(caught.value):
        assert str(file) in str(caught.value)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"nowhere.toml does not exist"):
        load_catalogue(tmp_path / "nowhere.toml")


def test_folder_or_binary_file_is_no_catalogue(tmp_path):
    with pytest.raises(UsageError, match="cannot be read as text"):
        load_catalogue(tmp_path)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="cannot be read as text"):
        load_catalogue(tmp_path / "binary.toml")
