# `make run` opens the window on the sample photos; `make test` checks everything. Both make .venv if need be, with the
# torch of pip's index, or of TORCH_INDEX=URL.

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
IMAGES ?=

.PHONY: run test clean translations

run: $(VENV)/.installed
	@sh .ci/qt-libraries.sh
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY$$QT_QPA_PLATFORM" ] || [ "$$(uname)" = Darwin ]; then \
		$(BIN)/fcn-studio $(IMAGES); \
	else \
		$(BIN)/fcn-studio view --picture fcn-studio.png $(IMAGES) && \
		echo "There is no display here. For a real window: a desktop session, ssh -X, or xvfb-run make run."; \
	fi

test: $(VENV)/.installed-dev
	@sh .ci/qt-libraries.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/pytest -n auto --maxprocesses 4

# After a change of texts: collects them into the .ts file, for Qt Linguist or an editor, and compiles what is translated.
translations: $(VENV)/.installed
	$(BIN)/pyside6-lupdate -no-obsolete -locations none -extensions py $$(find fcn_studio/app -name '*.py' | sort) fcn_studio/core/catalog/embedded.py \
		-ts resources/translations/fcn-studio_ko.ts
	$(BIN)/pyside6-lrelease resources/translations/fcn-studio_ko.ts

$(VENV)/.installed: pyproject.toml .ci/venv.sh
	PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" sh .ci/venv.sh $(VENV) .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	PYTHON="$(PYTHON)" TORCH_INDEX="$(TORCH_INDEX)" sh .ci/venv.sh $(VENV) '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) build dist
