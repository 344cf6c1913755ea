from ipfs_accel_pipeline.benchmark import environment
from ipfs_accel_pipeline.benchmark.environment import describe_host, installed_versions


def test_the_environment_of_a_result_names_the_versions_of_what_ran_and_quantized_it(monkeypatch):
    monkeypatch.setattr(environment, "version", lambda package: f"{package} 1.2")
    versions = describe_host(threads=2)["versions"]
    assert {"torch", "onnxruntime", "openvino", "nncf"} <= versions.keys()
    assert versions["nncf"] == "nncf 1.2"


def test_a_library_that_is_not_installed_has_no_version(monkeypatch):
    def version(package):
        if package == "nncf":
            raise environment.PackageNotFoundError(package)
        return "1.2"

    monkeypatch.setattr(environment, "version", version)
    assert "nncf" not in installed_versions()
    assert installed_versions()["openvino"] == "1.2"
