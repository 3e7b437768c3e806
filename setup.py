# Copyright 2026 The anyloc_ros authors
#
# Use of this source code is governed by a BSD-style
# license that can be found in the LICENSE file or at
# https://developers.google.com/open-source/licenses/bsd

from setuptools import find_packages, setup

package_name = 'anyloc_ros'

setup(
    name=package_name,
    version='0.1.0',
    description=(
        'Visual place recognition by AnyLoc: teach a route from camera images, then know for '
        'every later image which place of the route it shows, and how sure that is.'
    ),
    maintainer='anyloc_ros maintainers',
    maintainer_email='maintainers@anyloc-ros.example',
    license='BSD-3-Clause',
    packages=find_packages(exclude=['test', 'test.*']),
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/' + package_name]),
        ('share/' + package_name, ['package.xml']),
        ('share/' + package_name + '/config', ['config/localize.yaml', 'config/teach.yaml']),
        ('share/' + package_name + '/config/foxglove', ['config/foxglove/anyloc.json']),
        (
            'share/' + package_name + '/launch',
            [f'launch/{mode}.launch.py' for mode in ('localize', 'replay', 'teach')],
        ),
        ('share/' + package_name + '/rviz', ['rviz/anyloc.rviz']),
    ],
    package_data={
        'anyloc_ros.evaluate.report': ['*.html.jinja'],
        'anyloc_ros.mapping': ['unrelated.jpg'],
    },
    zip_safe=True,
    python_requires='>=3.10',
    install_requires=[
        'faiss-cpu>=1.9',
        'numpy>=1.26,<3',
        'opencv-python-headless>=4.6',
        'rich>=13.8',
        'rosbags>=0.11.8,<0.12',
        'safetensors>=0.8',
        'torch>=2.4',
        # Its layers are private: only the two versions tests run with, the older one being the
        # last for Python 3.10.
        'transformers>=5.20.2,<=5.23.0,!=5.21.*,!=5.22.*',
        'typer>=0.20',
    ],
    extras_require={
        # Reports, figures and animations; matplotlib brings Pillow.
        'report': ['jinja2>=3.1', 'matplotlib>=3.8', 'pillow>=10.2'],
        # ROS 2 Jazzy without an installation of ROS; on a robot the same imports are there.
        'wheels': [
            'ros-rclpy[fastrtps]==7.1.6',
            'ros-diagnostic-msgs==5.3.6',
            'ros-geometry-msgs==5.3.6',
            'ros-nav-msgs==5.3.6',
            'ros-sensor-msgs==5.3.6',
            'ros-std-msgs==5.3.6',
            'ros-std-srvs==5.3.6',
            'ros-visualization-msgs==5.3.6',
        ],
        'test': [
            'colcon-core',
            'colcon-ros',
            # The linters of ROS, and what they use.
            'flake8',
            'flake8-builtins',
            'flake8-comprehensions',
            'flake8-docstrings',
            'flake8-import-order',
            'flake8-quotes',
            'pydocstyle',
            'pytest',
            'pytest-rerunfailures',
            'ros-ament-flake8',
            'ros-ament-pep257',
            'ruff',
        ],
    },
    entry_points={
        'console_scripts': [
            'anyloc = anyloc_ros.cli.main:main',
            'anyloc-localizer = anyloc_ros.ros.localizer:main',
            'anyloc-map-builder = anyloc_ros.ros.map_builder:main',
            # The same by the names of "ros2 run anyloc_ros".
            'localizer = anyloc_ros.ros.localizer:main',
            'map_builder = anyloc_ros.ros.map_builder:main',
        ],
    },
)
