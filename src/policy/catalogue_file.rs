//! The file that a catalogue is written in: its form, and every check that needs no numbers.
//!
//! What is wrong stops the program at start, with file, line and mend: a catalogue that is half understood would grant by
//! accident.

use std::fmt;

use hashbrown::HashSet;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::action_set::ActionIx;
use super::catalogue::{ADMINISTRATOR, CORE, RecordAccess, SystemRole};
use crate::api::{DataScope, FieldType, Permission, RESERVED_FIELD_NAMES, RoleSpec, Rows, is_field_name};

type Word = Spanned<String>;

/// What is wrong in a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {message}")]
pub struct CatalogueError {
    /// The file as it was named.
    pub file: String,
    /// Its line, from 1; 0 when unknown.
    pub line: u64,
    /// Its column, from 1; 0 when unknown.
    pub column: u64,
    /// What is wrong and what to write instead.
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileForm {
    extends: Option<Word>,
    modules: Option<Spanned<Vec<Word>>>,
    #[serde(default)]
    objects: Vec<ObjectEntry>,
    #[serde(default)]
    remove: Vec<Word>,
    #[serde(default)]
    system_roles: Vec<RoleEntry>,
}

/// An object type as it stands in the file.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ObjectEntry {
    /// Whether it stands in the base and not in the operator's file: its places are none of that.
    #[serde(skip)]
    builtin: bool,
    pub(super) name: Word,
    pub(super) module: Option<Word>,
    #[serde(default)]
    pub(super) data: bool,
    #[serde(default)]
    pub(super) rows: bool,
    #[serde(default)]
    pub(super) customer: bool,
    #[serde(default)]
    pub(super) manual_sharing: bool,
    #[serde(default)]
    pub(super) fields: Vec<FieldEntry>,
    pub(super) actions: Vec<ActionEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldEntry {
    pub(super) name: Word,
    #[serde(rename = "type")]
    pub(super) kind: Spanned<FieldType>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionEntry {
    pub(super) name: Word,
    pub(super) access: Spanned<RecordAccess>,
    #[serde(default)]
    implies: Vec<Word>,
    #[serde(default)]
    requires: Vec<Word>,
    #[serde(default)]
    own: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RoleEntry {
    #[serde(skip)]
    builtin: bool,
    name: Word,
    display_name: String,
    permissions: Vec<PermissionEntry>,
    #[serde(default)]
    data: Vec<DataEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PermissionEntry {
    object: Word,
    actions: Vec<Word>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DataEntry {
    object: Word,
    rows: Spanned<Rows>,
    columns: Option<Vec<Word>>,
}

/// A catalogue file that is sound YAML of the right form.
#[derive(Debug)]
pub(super) struct CatalogueFile {
    file: String,
    form: FileForm,
}

/// A catalogue whose own names are sound: no duplicates, known modules. Objects are sorted by name.
#[derive(Debug)]
pub(super) struct Declared {
    file: String,
    pub(super) modules: Vec<String>,
    pub(super) objects: Vec<ObjectEntry>,
    roles: Vec<RoleEntry>,
    /// What the file takes out of the catalogue that it extends.
    removed: Vec<Word>,
}

/// Whose words are judged.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Object(&'a ObjectEntry),
    Role(&'a RoleEntry),
}

impl Owner<'_> {
    fn builtin(self) -> bool {
        match self {
            Self::Object(object) => object.builtin,
            Self::Role(role) => role.builtin,
        }
    }
}

impl fmt::Display for Owner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(object) => write!(f, "object `{}`", object.name.value),
            Self::Role(role) => write!(f, "system role `{}`", role.name.value),
        }
    }
}

impl CatalogueFile {
    pub(super) fn parse(text: &str, file: &str) -> Result<Self, CatalogueError> {
        let options = serde_saphyr::options! { with_snippet: false };
        let form: FileForm = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
            let place = error.location().unwrap_or(serde_saphyr::Location::UNKNOWN);
            CatalogueError {
                file: file.to_owned(),
                line: place.line(),
                column: place.column(),
                message: format!("not a catalogue: {error}"),
            }
        })?;
        if let Some(base) = form.extends.as_ref().filter(|base| base.value != "builtin") {
            return Err(fault(
                file,
                base,
                format_args!("cannot extend `{}`; write `builtin`", base.value),
            ));
        }
        Ok(Self {
            file: file.to_owned(),
            form,
        })
    }

    pub(super) fn extends_builtin(&self) -> bool {
        self.form.extends.is_some()
    }

    /// This file over a base: what has a name of the base's replaces it.
    pub(super) fn over(self, base: Self) -> Result<Self, CatalogueError> {
        let Self { file, mut form } = self;
        unique(&file, "object", &form.remove)?;
        let mut kept = base.form;
        for name in &form.remove {
            if !kept.objects.iter().any(|object| object.name.value == name.value) {
                return Err(fault(
                    &file,
                    name,
                    format_args!("there is no object `{}` to remove", name.value),
                ));
            }
        }
        let gone = |name: &str, form: &FileForm| {
            form.remove.iter().any(|removed| removed.value == name)
                || form.objects.iter().any(|object| object.name.value == name)
        };
        kept.objects.retain(|object| !gone(&object.name.value, &form));
        kept.system_roles
            .retain(|role| !form.system_roles.iter().any(|own| own.name.value == role.name.value));
        kept.objects.iter_mut().for_each(|object| object.builtin = true);
        kept.system_roles.iter_mut().for_each(|role| role.builtin = true);
        form.objects.extend(kept.objects);
        form.system_roles.extend(kept.system_roles);
        form.modules = form.modules.or(kept.modules);
        Ok(Self { file, form })
    }

    /// Refuses duplicates and unknown modules and fields that conditions could not name.
    pub(super) fn check(self) -> Result<Declared, CatalogueError> {
        let Self { file, mut form } = self;
        if let Some(name) = form.remove.first().filter(|_| form.extends.is_none()) {
            let message = format_args!(
                "`remove: [{}]` needs `extends: builtin`: this file replaces it whole",
                name.value
            );
            return Err(fault(&file, name, message));
        }
        let (listed, modules) = match form.modules {
            Some(modules) => (place(&modules), modules.value),
            None => (BEGINNING, Vec::new()),
        };
        unique(&file, "module", &modules)?;
        unique(&file, "object", form.objects.iter().map(|object| &object.name))?;
        unique(&file, "system role", form.system_roles.iter().map(|role| &role.name))?;
        for object in &form.objects {
            unique(&file, "action", object.actions.iter().map(|action| &action.name))?;
            for action in &object.actions {
                unique(&file, "action", &action.implies)?;
                unique(&file, "action", &action.requires)?;
                unique(&file, "action", &action.own)?;
            }
            unique(&file, "field", object.fields.iter().map(|field| &field.name))?;
            check_fields(&file, object)?;
            let module = object.module.as_ref();
            if let Some(module) = module.filter(|module| module.value != CORE && !modules.contains_name(&module.value))
            {
                let message = format_args!("unknown module `{}`; add it to `modules`", module.value);
                return Err(match object.builtin {
                    true => breaks(&file, listed, Owner::Object(object), message),
                    false => fault(&file, module, message),
                });
            }
        }
        form.objects.sort_by(|one, other| one.name.value.cmp(&other.name.value));
        let modules = modules.into_iter().map(|module| module.value).collect();
        Ok(Declared {
            file,
            modules,
            objects: form.objects,
            roles: form.system_roles,
            removed: form.remove,
        })
    }
}

trait ContainsName {
    fn contains_name(&self, name: &str) -> bool;
}

impl ContainsName for Vec<Word> {
    fn contains_name(&self, name: &str) -> bool {
        self.iter().any(|word| word.value == name)
    }
}

fn check_fields(file: &str, object: &ObjectEntry) -> Result<(), CatalogueError> {
    for field in &object.fields {
        let name = &field.name.value;
        if !is_field_name(name) || RESERVED_FIELD_NAMES.contains(&name.as_str()) {
            let message = format_args!(
                "a field cannot be named `{name}`; use letters, digits and `_`, and no system attribute or CEL word"
            );
            return Err(fault(file, &field.name, message));
        }
    }
    Ok(())
}

fn unique<'a>(file: &str, what: &str, names: impl IntoIterator<Item = &'a Word>) -> Result<(), CatalogueError> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name.value.as_str()) {
            return Err(fault(
                file,
                name,
                format_args!("{what} `{}` stands twice; remove one", name.value),
            ));
        }
    }
    Ok(())
}

impl Declared {
    /// The actions that a holder may do to records that she created.
    pub(super) fn own(
        &self,
        object: &ObjectEntry,
        action: &ActionEntry,
        find: impl Fn(&str, &str) -> Option<ActionIx>,
    ) -> Result<Vec<ActionIx>, CatalogueError> {
        action
            .own
            .iter()
            .map(|name| self.resolve(object, name, &object.name.value, &name.value, &find))
            .collect()
    }

    /// The actions that an action implies and requires at first hand.
    pub(super) fn needs(
        &self,
        object: &ObjectEntry,
        action: &ActionEntry,
        find: impl Fn(&str, &str) -> Option<ActionIx>,
    ) -> Result<Vec<ActionIx>, CatalogueError> {
        let implied = action
            .implies
            .iter()
            .map(|name| self.resolve(object, name, &object.name.value, &name.value, &find));
        let required = action.requires.iter().map(|name| match name.value.split_once(':') {
            Some((needed, action)) => self.resolve(object, name, needed, action, &find),
            None => Err(fault(
                &self.file,
                name,
                format_args!("`{}` names no object; write `Object:Action`", name.value),
            )),
        });
        implied.chain(required).collect()
    }

    fn resolve(
        &self,
        owner: &ObjectEntry,
        word: &Word,
        object: &str,
        action: &str,
        find: impl Fn(&str, &str) -> Option<ActionIx>,
    ) -> Result<ActionIx, CatalogueError> {
        find(object, action).ok_or_else(|| {
            let message = format_args!("object `{object}` has no action `{action}`; declare it");
            self.fault(Owner::Object(owner), word, object, message)
        })
    }

    fn object(&self, owner: &RoleEntry, name: &Word) -> Result<&ObjectEntry, CatalogueError> {
        let found = self.objects.iter().find(|object| object.name.value == name.value);
        found.ok_or_else(|| {
            let message = format_args!("unknown object `{}`; declare it", name.value);
            self.fault(Owner::Role(owner), name, &name.value, message)
        })
    }

    /// What is wrong in the words of an owner, which are about an object. In words of the base nothing was wrong before the
    /// file replaced or removed that object.
    fn fault(&self, owner: Owner<'_>, word: &Word, object: &str, message: fmt::Arguments<'_>) -> CatalogueError {
        if !owner.builtin() {
            return fault(&self.file, word, message);
        }
        let replaced = self.objects.iter().filter(|object| !object.builtin);
        let mut changed = replaced.map(|object| &object.name).chain(&self.removed);
        let cause = changed.find(|name| name.value == object);
        breaks(&self.file, cause.map_or(BEGINNING, place), owner, message)
    }
}

/// The system roles of a file; `administrator` is not among them.
pub(super) fn system_roles(declared: &Declared) -> Result<Vec<SystemRole>, CatalogueError> {
    declared.roles.iter().map(|role| system_role(declared, role)).collect()
}

fn system_role(declared: &Declared, entry: &RoleEntry) -> Result<SystemRole, CatalogueError> {
    if entry.name.value == ADMINISTRATOR {
        let message = format_args!("`{ADMINISTRATOR}` always has everything; remove it");
        return Err(fault(&declared.file, &entry.name, message));
    }
    unique(
        &declared.file,
        "object",
        entry.permissions.iter().map(|permission| &permission.object),
    )?;
    unique(&declared.file, "object", entry.data.iter().map(|data| &data.object))?;
    let spec = RoleSpec {
        display_name: entry.display_name.clone(),
        permissions: entry
            .permissions
            .iter()
            .map(|permitted| permission(declared, entry, permitted))
            .collect::<Result<_, _>>()?,
        data: entry
            .data
            .iter()
            .map(|scope| data_scope(declared, entry, scope))
            .collect::<Result<_, _>>()?,
        ..RoleSpec::default()
    };
    Ok(SystemRole {
        name: entry.name.value.clone(),
        spec,
    })
}

fn permission(declared: &Declared, role: &RoleEntry, entry: &PermissionEntry) -> Result<Permission, CatalogueError> {
    let object = declared.object(role, &entry.object)?;
    unique(&declared.file, "action", &entry.actions)?;
    for name in &entry.actions {
        if !object.actions.iter().any(|action| action.name.value == name.value) {
            let message = format_args!(
                "object `{}` has no action `{}`; declare it",
                object.name.value, name.value
            );
            return Err(declared.fault(Owner::Role(role), name, &object.name.value, message));
        }
    }
    let actions = entry.actions.iter().map(|action| action.value.clone()).collect();
    Ok(Permission {
        object: object.name.value.clone(),
        actions,
    })
}

fn data_scope(declared: &Declared, role: &RoleEntry, entry: &DataEntry) -> Result<DataScope, CatalogueError> {
    let object = declared.object(role, &entry.object)?;
    if !object.rows || entry.rows.value == Rows::Some {
        let message = format_args!(
            "a system role sees All or None of an object with `rows: true`; `{}` is none such",
            object.name.value
        );
        return Err(declared.fault(Owner::Role(role), &entry.object, &object.name.value, message));
    }
    unique(&declared.file, "column", entry.columns.iter().flatten())?;
    for column in entry.columns.iter().flatten() {
        if !object.fields.iter().any(|field| field.name.value == column.value) {
            let message = format_args!(
                "object `{}` has no field `{}`; declare it",
                object.name.value, column.value
            );
            return Err(declared.fault(Owner::Role(role), column, &object.name.value, message));
        }
    }
    let columns = entry
        .columns
        .as_ref()
        .map(|columns| columns.iter().map(|column| column.value.clone()).collect());
    Ok(DataScope {
        object: object.name.value.clone(),
        rows: entry.rows.value,
        condition: None,
        columns,
    })
}

/// Line and column.
type LineColumn = (u64, u64);

/// Where a file begins.
const BEGINNING: LineColumn = (1, 1);

fn place<T>(spanned: &Spanned<T>) -> LineColumn {
    (spanned.referenced.line(), spanned.referenced.column())
}

fn fault<T>(file: &str, word: &Spanned<T>, message: fmt::Arguments<'_>) -> CatalogueError {
    fault_at(file, place(word), message)
}

/// An entry of the base no longer holds, because of what stands at that place in the operator's file.
fn breaks(file: &str, cause: LineColumn, owner: Owner<'_>, message: fmt::Arguments<'_>) -> CatalogueError {
    fault_at(
        file,
        cause,
        format_args!("this breaks the built-in {owner}, which can be replaced as well: {message}"),
    )
}

fn fault_at(file: &str, (line, column): LineColumn, message: fmt::Arguments<'_>) -> CatalogueError {
    CatalogueError {
        file: file.to_owned(),
        line,
        column,
        message: message.to_string(),
    }
}
