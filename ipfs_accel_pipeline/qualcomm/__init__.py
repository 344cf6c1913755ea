"""What detection and measuring both know of Qualcomm: the AI Hub's service, and the local QNN provider."""
