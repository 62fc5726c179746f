//! One value for each direction class, without an allocation.

use std::fmt;
use std::ops::{Deref, DerefMut};

use super::{Classes, MOST_CLASSES};

/// One value for each class, in the order of [`Classes::names`]: a slice of them.
#[derive(Clone, Copy)]
pub struct ByClass<V> {
    /// Those beyond `count` are not looked at.
    values: [V; MOST_CLASSES],
    count: u8,
}

impl<V: Copy + Default> ByClass<V> {
    /// The value of each class.
    #[must_use]
    pub fn from_fn(classes: Classes, mut value: impl FnMut(usize) -> V) -> Self {
        let count = classes.count();
        let of = |class| if class < count { value(class) } else { V::default() };
        Self { values: std::array::from_fn(of), count: count as u8 }
    }

    /// The values; `None` when they are as many as no classes are.
    #[must_use]
    pub fn of(values: &[V]) -> Option<Self> {
        let classes = Classes::try_from(u8::try_from(values.len()).ok()?).ok()?;
        Some(Self::from_fn(classes, |class| values[class]))
    }
}

macro_rules! from_arrays {
    ($($count:literal $classes:ident),*) => {$(
        impl<V: Copy + Default> From<[V; $count]> for ByClass<V> {
            fn from(values: [V; $count]) -> Self {
                Self::from_fn(Classes::$classes, |class| values[class])
            }
        }
    )*};
}

from_arrays!(2 Two, 3 Three, 5 Five);

impl<V> Deref for ByClass<V> {
    type Target = [V];

    fn deref(&self) -> &[V] {
        &self.values[..usize::from(self.count)]
    }
}

impl<V> DerefMut for ByClass<V> {
    fn deref_mut(&mut self) -> &mut [V] {
        &mut self.values[..usize::from(self.count)]
    }
}

impl<V> AsRef<[V]> for ByClass<V> {
    fn as_ref(&self) -> &[V] {
        self
    }
}

impl<V: PartialEq> PartialEq for ByClass<V> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<V: PartialEq, const N: usize> PartialEq<[V; N]> for ByClass<V> {
    fn eq(&self, other: &[V; N]) -> bool {
        **self == *other
    }
}

impl<V: fmt::Debug> fmt::Debug for ByClass<V> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_values_as_classes() {
        let five = ByClass::from([1, 2, 3, 4, 5]);
        assert_eq!((five.len(), five[4]), (5, 5));
        assert_eq!(ByClass::of(&[0.5, 0.5]), Some(ByClass::from([0.5, 0.5])));
        assert_eq!(ByClass::of(&[0.25; 4]), None);
        assert_eq!(ByClass::<u8>::of(&[]), None);
        assert_ne!(ByClass::from([1, 0]), ByClass::from([1, 0, 0]));
        assert_eq!(format!("{:?}", ByClass::from([true, false])), "[true, false]");
    }
}
