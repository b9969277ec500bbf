"""The classifiers that FCNs are made from, without their last layer: VGG-16, AlexNet, GoogLeNet."""
